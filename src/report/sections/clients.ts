import type { DeliveryProof } from '../../result/delivery-proof.ts';
import type { GeneratorHonesty, LatencySummary, PhaseResult } from '../../result/run-result.ts';
import { type Block, type Cell, numbers, type Section, type Table, words } from '../document.ts';
import { formatBytes, formatCount, formatMs, formatPlural, formatShare, NO_VALUE } from '../format.ts';
import type { ReportContext } from './context.ts';

/** What the clients of the measurement saw and the generator says of itself; null where nothing was measured. */
export function clientsSection({ comparison }: ReportContext): Section | null {
  const phases = comparison.measured?.phases ?? [];
  if (phases.length === 0) return null;
  return {
    id: 'clients',
    title: 'What the clients saw',
    blocks: [
      {
        kind: 'paragraph',
        text: 'Of the measurement alone. Delay counts from the time at which a record was due until it comes into its batch, response from there until it is acknowledged, publish from one end to the other, and end-to-end until a consumer has it. What waits for buffer space in a stall shows in the delay, which the response hides.',
      },
      ...phases.flatMap(phaseBlocks),
    ],
  };
}

function phaseBlocks(phase: PhaseResult): Block[] {
  const { name, endedEarly, generator, deliveries = [] } = phase;
  return [
    { kind: 'heading', text: `Phase ${name}` },
    ...(endedEarly === undefined
      ? []
      : [{ kind: 'warning', text: `The phase ended early: ${endedEarly}.` } as const]),
    { kind: 'table', table: latencyTable(phase) },
    ...(generator === null ? [] : [{ kind: 'table', table: generatorTable(phase, generator) } as const]),
    ...(deliveries.length === 0 ? [] : deliveryBlocks(name, deliveries)),
  ];
}

/** Statistics down and latencies across, which a phone shows without scrolling. */
function latencyTable({
  name,
  sendDelayMs,
  responseLatencyMs,
  publishLatencyMs,
  endToEndLatencyMs,
}: PhaseResult): Table {
  const latencies: readonly (readonly [string, LatencySummary | null | undefined])[] = [
    ['delay', sendDelayMs],
    ['response', responseLatencyMs],
    ['publish', publishLatencyMs],
    ['end-to-end', endToEndLatencyMs],
  ];
  const known = latencies.flatMap(([title, summary]) => (summary == null ? [] : [{ title, summary }]));
  return {
    caption: `Latencies, phase ${name}`,
    columns: [words('latency'), ...known.map(({ title }) => numbers(title))],
    rows: STATISTICS.map(([statistic, of]) => [
      statistic,
      ...known.map(({ summary }) => formatMs(summary[of])),
    ]),
  };
}

const STATISTICS = [
  ['p50', 'p50'],
  ['p95', 'p95'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
  ['max', 'max'],
] as const;

function generatorTable({ name, counts, batchesRetried }: PhaseResult, generator: GeneratorHonesty): Table {
  const { stalls, latenessMs, starvedShare, unwrittenBytesMax, keptSchedule } = generator;
  const rows: Cell[][] = [
    [
      'schedule',
      keptSchedule
        ? { text: latenessMs === null ? 'none: as fast as records are taken' : 'kept', tone: 'good' }
        : { text: 'not kept', tone: 'bad' },
    ],
    ...(latenessMs === null
      ? []
      : [
          ['came to records late by', `p99 ${formatMs(latenessMs.p99)}, at most ${formatMs(latenessMs.max)}`],
        ]),
    ['event-loop stalls', stallText(stalls)],
    ['batches sent again', formatCount(batchesRetried)],
    ['records given up or not acknowledged in time', formatCount(counts.recordsFailed)],
    ...(unwrittenBytesMax === undefined
      ? []
      : [
          [
            'bytes that waited for the system to take them',
            `at most ${formatBytes(unwrittenBytesMax)} of a client`,
          ],
        ]),
    ...(starvedShare === undefined
      ? []
      : [['answers after which no request was ready', formatShare(starvedShare)]]),
  ];
  return { caption: `Load generator, phase ${name}`, columns: [words('what'), words('found')], rows };
}

function stallText(stalls: GeneratorHonesty['stalls']): string {
  if (stalls === undefined) return NO_VALUE;
  if (stalls.count === 0) return 'none of more than 10 ms';
  const { count, maxMs, totalMs } = stalls;
  return `${formatCount(count)} of more than 10 ms, the longest ${formatMs(maxMs)}, ${formatMs(totalMs)} in all`;
}

function deliveryBlocks(phase: string, deliveries: readonly DeliveryProof[]): Block[] {
  const clauses = deliveries.flatMap(({ group, broken, notJudged, permitted, examples }) =>
    [...broken, ...notJudged, ...permitted, ...examples].map((clause) => `Group ${group}: ${clause}.`),
  );
  return [
    {
      kind: 'paragraph',
      text: `What was acknowledged was held against what was read by ${formatPlural(deliveries.length, 'consumer group')}.`,
    },
    { kind: 'table', table: deliveryTable(phase, deliveries) },
    ...(clauses.length === 0 ? [] : [{ kind: 'list', items: clauses } as const]),
  ];
}

const TONES = { proven: 'good', broken: 'bad', 'not judged': 'muted' } as const;

function deliveryTable(phase: string, deliveries: readonly DeliveryProof[]): Table {
  const counts: readonly (readonly [string, (proof: DeliveryProof) => number])[] = [
    ['acknowledged', ({ total }) => total.acknowledged],
    ['lost', ({ total }) => total.lost],
    ['duplicated', ({ total }) => total.duplicated],
    ['reordered', ({ total }) => total.reordered],
    ['corrupt', ({ log }) => log.corrupt],
    ['indeterminate', ({ total }) => total.indeterminate],
  ];
  return {
    caption: `Proof of delivery, phase ${phase}, in records`,
    columns: [words('group'), ...deliveries.map(({ group }) => numbers(group))],
    rows: [
      ['verdict', ...deliveries.map(({ verdict }) => ({ text: verdict, tone: TONES[verdict] }))],
      ...counts.map(([what, count]) => [what, ...deliveries.map((proof) => formatCount(count(proof)))]),
    ],
  };
}
