import type { RunResult } from '../../result/run-result.ts';
import { type Block, type Cell, type Section, words } from '../document.ts';
import { formatBytes, formatCount, formatPlural, formatSeconds, NO_VALUE } from '../format.ts';
import type { ReportContext } from './context.ts';

/** Everything that is needed to get this report again. */
export function reproduceSection({ comparison, commands }: ReportContext): Section {
  const { predicted, measured, prediction } = comparison;
  const { simulation, profile, scenario } = predicted;
  const commandBlocks: Block[] = commands.length === 0 ? [] : [{ kind: 'commands', lines: commands }];
  const rows: Cell[][] = [
    ['seed', String(scenario.seed)],
    ...(simulation === null || simulation.tieSeed === 0 ? [] : [['tie seed', String(simulation.tieSeed)]]),
    ...(simulation?.sharedCores == null ? [] : [['shared cores', String(simulation.sharedCores)]]),
    ['scenario hash', scenario.hash],
    ['trace hash', simulation?.traceHash ?? NO_VALUE],
    ['profile', profile === null ? NO_VALUE : `${profile.name} (${profile.kind}), hash ${profile.hash}`],
    ['Kafka', scenario.kafka],
    ['prediction written', writtenAt(prediction.writtenAt, measured)],
    ['prediction hash', prediction.hash ?? NO_VALUE],
    ...(simulation === null
      ? []
      : [
          ['simulated time', formatSeconds(simulation.simulatedSeconds)],
          [
            'simulated events',
            `${formatCount(simulation.events)} (${simulation.shards.map(({ name, events }) => `${name}: ${formatCount(events)}`).join(', ')})`,
          ],
        ]),
    ...runRows('prediction', predicted),
    ...(measured === null
      ? [['measurement', `none: ${comparison.notMeasuredReason}`]]
      : runRows('measurement', measured)),
  ];
  return {
    id: 'reproduce',
    title: 'How to get this again',
    blocks: [
      {
        kind: 'paragraph',
        text: 'The same scenario, profile and seed give the same trace hash and the same predicted figures, on any machine and with any number of workers. A measurement varies from run to run.',
      },
      ...commandBlocks,
      {
        kind: 'table',
        table: { caption: 'Identity of this run', columns: [words('what'), words('value')], rows },
      },
    ],
  };
}

function writtenAt(date: string | null, measured: RunResult | null): string {
  if (date === null) return NO_VALUE;
  if (measured === null) return date;
  const order = Date.parse(date) <= Date.parse(measured.run.startedAt) ? 'before' : 'after';
  return `${date}, ${order} the measurement started (${measured.run.startedAt})`;
}

function runRows(name: string, { run }: RunResult): Cell[][] {
  const { machine, versions } = run;
  const software = Object.entries(versions).map(([part, version]) => `${part} ${version}`);
  return [
    [`${name}: started`, `${run.startedAt}, took ${formatSeconds(run.wallSeconds)}`],
    [
      `${name}: machine`,
      `${machine.cpu}, ${formatPlural(machine.cores, 'core')}, ${formatBytes(machine.memoryBytes)}, ${machine.os}`,
    ],
    [`${name}: software`, software.length === 0 ? NO_VALUE : software.join(', ')],
  ];
}
