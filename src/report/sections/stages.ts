import {
  type PhaseComparison,
  REQUEST_STAGES,
  type RequestStagesComparison,
} from '../../result/phase-comparison.ts';
import { type Block, numbers, type Section, type Table, words } from '../document.ts';
import { formatMs, formatNumber } from '../format.ts';
import { requestStagesChart } from '../views/request-stages.ts';
import type { ReportContext } from './context.ts';

/** Where the time of a request goes, by Kafka's own stages. */
export function stagesSection({ comparison }: ReportContext): Section {
  const furthest = comparison.furthestStage;
  const phases = comparison.phases.flatMap(phaseBlocks);
  return {
    id: 'stages',
    title: 'Where time goes',
    blocks:
      phases.length === 0
        ? [{ kind: 'paragraph', text: 'No request stage was recorded.' }]
        : [
            {
              kind: 'paragraph',
              text: "Mean time in each stage of a request inside the broker, by the names of Kafka's own metrics. A fetch waits in RemoteTimeMs until records arrive (a long poll): a long bar there is idleness, not work.",
            },
            ...(furthest === null
              ? []
              : [
                  {
                    kind: 'paragraph',
                    text: `Where the arms differ most for ${furthest.request} in phase ${furthest.phase}: ${furthest.stage}, predicted ${formatMs(furthest.predictedMs)}, measured ${formatMs(furthest.measuredMs)}.`,
                  } as const,
                ]),
            ...phases,
          ],
  };
}

function phaseBlocks(phase: PhaseComparison, phaseIndex: number): Block[] {
  const overall = phase.requestStages.filter((entry) => entry.broker === null && hasRequests(entry));
  const perBroker = phase.requestStages.filter((entry) => entry.broker !== null && hasRequests(entry));
  if (overall.length === 0) return [];
  return [
    { kind: 'heading', text: `Phase ${phase.name}` },
    {
      kind: 'charts',
      charts: overall.map((stages) =>
        requestStagesChart(phase, { id: `phase-${phaseIndex + 1}-stages-${stages.request}`, stages }),
      ),
    },
    ...(perBroker.length > overall.length
      ? [{ kind: 'table', table: brokerTable(phase, perBroker) } as const]
      : []),
  ];
}

function hasRequests({ meanMs }: RequestStagesComparison): boolean {
  return meanMs.TotalTimeMs.predicted !== null || meanMs.TotalTimeMs.measured !== null;
}

function brokerTable(phase: PhaseComparison, entries: readonly RequestStagesComparison[]): Table {
  const arms = phase.measured === null ? (['predicted'] as const) : (['predicted', 'measured'] as const);
  const stages = [...REQUEST_STAGES, 'TotalTimeMs' as const];
  return {
    caption: `Mean stages of each broker in ms, phase ${phase.name}`,
    columns: [numbers('broker'), words('request'), words('arm'), ...stages.map(numbers)],
    rows: entries.flatMap((entry) =>
      arms.map((arm) => [
        String(entry.broker),
        entry.request,
        arm,
        ...stages.map((stage) => formatNumber(entry.meanMs[stage][arm])),
      ]),
    ),
  };
}
