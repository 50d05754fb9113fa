/**
 * What the hold model allocates in steady state: growth of the heap and of the arrays beside it between two full
 * collections, and, since garbage that lives for a moment leaves no growth, how often the young generation had to be
 * scavenged in between.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Outcome, runProgram } from '../program.ts';
import { HoldModel } from './hold-model.ts';

/** What the observer says of a collection. */
interface Collection extends PerformanceEntry {
  readonly detail: { readonly kind: number };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function bytesInUse(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

await runProgram(
  ['pending', 'entities', 'eventsWarmUp', 'events'],
  async ({ pending, entities, eventsWarmUp, events }): Promise<Outcome> => {
    const observer = new PerformanceObserver(() => undefined);
    observer.observe({ entryTypes: ['gc'] });
    const hold = new HoldModel({ pending, entities });
    hold.run(eventsWarmUp);
    bytesInUse();
    const bytesBefore = bytesInUse();
    const startedMs = performance.now();
    hold.run(events);
    const endedMs = performance.now();
    const heapGrowthBytes = bytesInUse() - bytesBefore;
    // Collections are recorded one turn of the event loop later.
    await setImmediate();
    const collections = observer.takeRecords() as Collection[];
    const scavenges = collections.filter(
      ({ startTime, detail }) =>
        detail.kind === constants.NODE_PERFORMANCE_GC_MINOR && startTime >= startedMs && startTime < endedMs,
    ).length;
    observer.disconnect();
    return { values: { heapGrowthBytes, scavenges }, checksum: hold.hash(), common: null };
  },
);
