import { COST_MEANINGS, type CostName, type Profile } from '../../profile/profile.ts';
import { type Coverage, coverageOf } from '../../result/coverage.ts';
import { type Block, type Cell, numbers, type Section, type Table, words } from '../document.ts';
import {
  formatBytes,
  formatBytesPerSecond,
  formatCount,
  formatError,
  formatNumber,
  formatSeconds,
  NO_VALUE,
} from '../format.ts';
import type { ReportContext } from './context.ts';

/** What the prediction rests on: assumptions, the profile and its costs, the range that it was calibrated on. */
export function assumptionsSection({ comparison, scenario, profile }: ReportContext): Section {
  const stated = [
    ...comparison.predicted.assumptions,
    ...(comparison.measured?.assumptions ?? []).map((assumption) => `In the measurement: ${assumption}`),
  ];
  return {
    id: 'assumptions',
    title: 'What was assumed',
    blocks: [
      stated.length === 0
        ? { kind: 'paragraph', text: 'No assumption beyond the profile was stated.' }
        : { kind: 'list', items: stated },
      { kind: 'heading', text: 'Calibrated range' },
      ...coverageBlocks(coverageOf(scenario, profile, comparison.predicted)),
      { kind: 'heading', text: `Profile ${profile.name}` },
      { kind: 'table', table: profileTable(profile) },
      { kind: 'table', table: costTable(profile) },
      ...experimentBlocks(profile),
    ],
  };
}

const DIMENSIONS: Record<Coverage['dimension'], { name: string; format: (value: number) => string }> = {
  recordBytes: { name: 'record size', format: formatBytes },
  recordsPerSecond: { name: 'rate (records/s)', format: formatCount },
  partitions: { name: 'partitions', format: formatCount },
  brokers: { name: 'brokers', format: formatCount },
};

function coverageBlocks(coverage: readonly Coverage[] | null): Block[] {
  if (coverage === null) {
    return [
      {
        kind: 'warning',
        text: 'The profile states no calibrated range: how far the prediction can be trusted is not known.',
      },
    ];
  }
  const outside = coverage.filter((entry) => !entry.inside).map((entry) => DIMENSIONS[entry.dimension].name);
  return [
    outside.length === 0
      ? { kind: 'paragraph', text: 'The scenario lies inside the calibrated range.' }
      : {
          kind: 'warning',
          text: `The scenario lies outside the calibrated range in: ${outside.join(', ')}. There the prediction extrapolates.`,
        },
    {
      kind: 'table',
      table: {
        caption: 'The scenario beside the range of the calibration',
        columns: [words('what'), numbers('scenario'), numbers('calibrated'), words('inside')],
        rows: coverage.map((entry) => {
          const { name, format } = DIMENSIONS[entry.dimension];
          return [name, range(entry.scenario, format), range(entry.calibrated, format), insideCell(entry)];
        }),
      },
    },
  ];
}

function insideCell(entry: Coverage): Cell {
  return entry.inside ? { text: '✓ yes', tone: 'good' } : { text: '✗ no', tone: 'bad' };
}

function range([least, most]: readonly [number, number], format: (value: number) => string): string {
  return format(least) === format(most) ? format(least) : `${format(least)} to ${format(most)}`;
}

function profileTable({ kind, provenance, hardware }: Profile): Table {
  return {
    caption: 'Where the profile comes from',
    columns: [words('what'), words('value')],
    rows: [
      ['kind', kind === 'measured' ? 'measured on this machine by calibrate' : 'shipped in the catalogue'],
      ['date', provenance.date],
      ['machine', provenance.machine],
      ['Kafka', provenance.kafka],
      ['note', provenance.note === '' ? NO_VALUE : provenance.note],
      ['cores', formatCount(hardware.cores)],
      ['memory', formatBytes(hardware.memoryBytes)],
      ['network', limit(hardware.nicBytesPerSecond)],
      ['disk writes', limit(hardware.diskWriteBytesPerSecond)],
      ...(hardware.disk === undefined ? [] : [['disks', hardware.disk.source]]),
    ],
  };
}

function limit(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? 'no limit' : formatBytesPerSecond(bytesPerSecond);
}

function costTable({ costs }: Profile): Table {
  const names = (Object.keys(COST_MEANINGS) as CostName[]).filter((name) => costs[name] !== undefined);
  return {
    caption: 'Costs that the simulator charges',
    columns: [
      words('cost'),
      numbers('value'),
      numbers('standard error'),
      words('unit'),
      words('what it is'),
      words('source'),
    ],
    rows: names.map((name) => {
      const cost = costs[name];
      return [
        name,
        formatNumber(cost?.value),
        cost?.standardError === null ? NO_VALUE : `± ${formatNumber(cost?.standardError)}`,
        costUnit(name),
        COST_MEANINGS[name],
        sourceCell(cost?.source ?? NO_VALUE),
      ];
    }),
  };
}

function sourceCell(source: string): Cell {
  return source.startsWith('undetermined') ? { text: source, tone: 'muted' } : source;
}

/** A cost's unit stands last in its name: "...perByteInNs" is nanoseconds per byte. */
function costUnit(name: CostName): string {
  if (name.endsWith('Cores')) return 'cores';
  const per = /[pP]er(Byte|Request|Batch|Record|Partition)/.exec(name)?.[1];
  return per === undefined ? 'ns' : `ns per ${per.toLowerCase()}`;
}

function experimentBlocks({ provenance }: Profile): Block[] {
  if (provenance.experiments.length === 0) {
    return [{ kind: 'paragraph', text: 'The profile lists no calibration experiment.' }];
  }
  return [
    {
      kind: 'table',
      table: {
        caption: 'Calibration experiments; residual: error of the CPU that the fitted costs give back',
        columns: [
          words('experiment'),
          numbers('length'),
          numbers('record size'),
          numbers('partitions'),
          numbers('records/s'),
          words('residuals'),
        ],
        rows: provenance.experiments.map((experiment) => [
          experiment.name,
          formatSeconds(experiment.seconds),
          formatBytes(experiment.recordBytes),
          formatCount(experiment.partitions),
          formatCount(experiment.recordsPerSecond),
          Object.entries(experiment.residuals)
            .map(([group, residual]) => `${group} ${formatError(residual)}`)
            .join(', '),
        ]),
      },
    },
  ];
}
