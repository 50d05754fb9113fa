/** A program that runs shards as its argument (a list of inputs) says, prints how that went, and must then end by itself. */
import { runShards } from '../../../src/kernel/parallel/run-shards.ts';
import { LOOKAHEAD_NS, type TalkingInput } from './talking-shards.ts';

for (const input of JSON.parse(process.argv[2]) as readonly TalkingInput[]) {
  const running = runShards({
    factoryModule: new URL('./talking-shards.ts', import.meta.url).href,
    input,
    shards: input.shards,
    workers: 2,
    untilNs: 100_000,
    lookaheadNs: LOOKAHEAD_NS,
    stallTimeoutMs: 600,
  });
  console.log(
    await running.then(
      () => 'good',
      (error: Error) => error.message,
    ),
  );
}
