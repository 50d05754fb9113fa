/** Entry of a worker thread: runs its group of shards on the coordinator's word. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CreateShard, FromWorker, ToWorker, WorkerStart } from './shard.ts';
import { ShardGroup } from './shard-group.ts';

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread only');
const say = (message: FromWorker): void => port.postMessage(message);
const start = workerData as WorkerStart;

try {
  const factory = (await import(start.factoryModule)) as { createShard: CreateShard };
  const group = new ShardGroup(factory.createShard, start);
  port.on('message', (message: ToWorker) => {
    try {
      answer(group, message);
    } catch (error) {
      fail(error);
    }
  });
  say({ kind: 'ready' });
} catch (error) {
  fail(error);
}

function answer(group: ShardGroup, message: ToWorker): void {
  if (message.kind === 'run') say({ kind: 'ran', ...group.run(message.untilNs, message.inbox) });
  else say({ kind: 'finished', outcomes: group.finish() });
}

function fail(error: unknown): void {
  say({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
}
