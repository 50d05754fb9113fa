import type { Comparison } from '../../result/comparison.ts';
import { type Cell, numbers, type Section, words } from '../document.ts';
import { formatMoment } from '../format.ts';
import type { ReportContext } from './context.ts';

/** What happened, in order, in both arms. */
export function timelineSection({ comparison }: ReportContext): Section {
  const rows = eventRows(comparison);
  return {
    id: 'timeline',
    title: 'What happened',
    blocks:
      rows.length === 0
        ? [
            {
              kind: 'paragraph',
              text: 'No event was recorded: no operation, election, ISR change or rebalance in the measured parts.',
            },
          ]
        : [
            {
              kind: 'table',
              table: {
                caption: 'Timeline of events',
                columns: [words('phase'), numbers('at (s)'), words('arm'), words('event')],
                rows,
              },
            },
          ],
  };
}

function eventRows({ phases }: Comparison): Cell[][] {
  return phases.flatMap((phase) => {
    const events = (['predicted', 'measured'] as const).flatMap((arm) =>
      (phase[arm]?.events ?? []).map((event) => ({ ...event, arm })),
    );
    return events
      .sort((a, b) => a.atSeconds - b.atSeconds)
      .map((event) => [phase.name, formatMoment(event.atSeconds), event.arm, event.what]);
  });
}
