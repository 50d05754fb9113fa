/**
 * How fast producers without a rate are taken: a perf tool ends after a number of records, so that number must be known
 * before. All producers run at once, with more and more records until that takes long enough.
 */
import { runTools } from './client-runs.ts';
import type { CommandContext, PlacedClient } from './commands.ts';
import { producerCommand } from './commands.ts';

const FIRST_RECORDS = 5_000;
const SECONDS_MIN = 3;
const SECONDS_AIM = 4;
const GROWTH_MIN = 2;
const GROWTH_MAX = 30;
const ROUNDS_MAX = 8;

export interface Probe {
  /** By client. */
  readonly recordsPerSecond: readonly number[];
  /** Records acknowledged on the way, by client. */
  readonly records: readonly number[];
}

export async function probeRates(
  context: CommandContext,
  clients: readonly PlacedClient[],
  signal: AbortSignal | undefined,
): Promise<Probe> {
  let planned = clients.map(() => FIRST_RECORDS);
  const sent = clients.map(() => 0);
  for (let round = 1; ; round += 1) {
    const runs = await runTools(
      clients.map((client, index) =>
        producerCommand(
          context,
          { ...client, name: `${client.name}-probe` },
          { records: planned[index], warmUpRecords: 0, recordsPerSecond: -1 },
        ),
      ),
      signal,
    );
    const rates = runs.map(({ total }) => total?.recordsPerSecond ?? 0);
    runs.forEach((run, index) => {
      sent[index] += run.total?.records ?? 0;
    });
    const seconds = planned.map((records, index) => records / Math.max(1, rates[index]));
    if (Math.min(...seconds) >= SECONDS_MIN || round === ROUNDS_MAX || signal?.aborted === true) {
      return { recordsPerSecond: rates, records: sent };
    }
    planned = planned.map((records, index) =>
      Math.ceil(records * Math.min(GROWTH_MAX, Math.max(GROWTH_MIN, SECONDS_AIM / seconds[index]))),
    );
  }
}
