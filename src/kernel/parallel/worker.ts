/** Entry of a worker thread: runs its group of shards on the coordinator's word. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CreateShard, FromWorker, ToWorker, WorkerStart } from './shard.ts';
import { ShardGroup } from './shard-group.ts';

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread only');
const say = (message: FromWorker): void => port.postMessage(message);
const start = workerData as WorkerStart;
const factory = (await import(start.factoryModule)) as { createShard: CreateShard };
const group = new ShardGroup(factory.createShard, start.input, start.shards);

port.on('message', (message: ToWorker) => {
  try {
    if (message.kind === 'finish') {
      say({ kind: 'finished', outcomes: group.finish() });
      port.close();
      return;
    }
    say({ kind: 'ran', ...group.run(message.untilNs, message.inbox) });
  } catch (error) {
    say({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
say({ kind: 'ready' });
