/**
 * Entry of a worker thread: runs its group of shards from the first window to the last without ever going back to the
 * event loop, and then says how that ended.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadModules } from './load-modules.ts';
import { Party, SLICE_EVENTS } from './party.ts';
import type { FromWorker, WorkerStart } from './shard.ts';

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread only');
const start = workerData as WorkerStart;

const party = new Party(start);
party.make(await loadModules(start));
let going = true;
while (going) going = party.step(SLICE_EVENTS);
say(party.end());

function say(last: FromWorker): void {
  try {
    port?.postMessage(last);
  } catch (thrown) {
    // Not thrown on: what a clone fails with does not arrive with its message.
    const error = new Error(`shards ${start.shards.join(', ')}: what they leave cannot be sent: ${thrown}`);
    port?.postMessage({
      kind: 'failed',
      failure: { atNs: start.plan.untilNs, shard: start.shards[0], error },
    });
  }
}
