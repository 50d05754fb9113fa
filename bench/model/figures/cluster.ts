/**
 * Runs the cluster and measures simulated time, requests and events by seconds of one core (the CPU time of the thread that
 * simulates: on a quiet machine the wall time, which a busy one stretches), and memory.
 */
import { buildCluster } from '../../../src/kafka/cluster/build-cluster.ts';
import type { ClusterModel } from '../../../src/kafka/cluster-model.ts';
import { KIND_NAMES } from '../../../src/kafka/kinds.ts';
import { readOut } from '../../../src/kafka/read-out.ts';
import { NS_PER_MS } from '../../../src/kernel/time.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';
import { type Outcome, runProgram, timed } from '../../kernel/program.ts';
import { shardInput } from '../scenario.ts';

const NAMES = ['topics', 'partitions', 'lingerMs', 'warmupMs', 'durationMs', 'countMs'] as const;

await runProgram(NAMES, (input): Outcome => {
  const { warmupMs, durationMs, countMs } = input;
  const phase = { warmupMs, durationMs: durationMs + countMs, idleTopics: 0 };
  const built = timed(() => buildCluster(shardInput({ ...input, ...phase }), 0));
  const model = built.result;
  const { sim } = model;
  sim.run(warmupMs * NS_PER_MS);
  const eventsBefore = sim.events;
  const cpuBefore = process.threadCpuUsage();
  const wall = timed(() => sim.run((warmupMs + durationMs) * NS_PER_MS));
  const cpu = process.threadCpuUsage(cpuBefore);
  const seconds = (cpu.user + cpu.system) / 1e6;
  const events = sim.events - eventsBefore;
  const requests = requestsDone(model);
  const kinds = countByKind(model, (warmupMs + durationMs + countMs) * NS_PER_MS);
  const requestsCounted = requestsDone(model) - requests;
  const memoryMiB = process.resourceUsage().maxRSS / 1024;
  const perRequest = KIND_NAMES.map((name, kind) => [`${name}PerRequest`, kinds[kind] / requestsCounted]);
  return {
    values: {
      speed: durationMs / 1000 / seconds,
      speedByWallTime: durationMs / 1000 / wall.seconds,
      memoryMiB,
      buildSeconds: built.seconds,
      requestsPerSecond: requests / seconds,
      eventsPerSecond: events / seconds,
      requestsSimulatedPerSecond: (requests / durationMs) * 1000,
      eventsPerRequest: events / requests,
      ...Object.fromEntries(perRequest.filter(([, count]) => count !== 0)),
      brokerCoresBusyMax: coresBusyMax(model, 'broker'),
      producerCoresBusyMax: coresBusyMax(model, 'producer'),
      consumerCoresBusyMax: coresBusyMax(model, 'consumer'),
    },
    checksum: `${foldChains([sim.hashChains()])} ${requests}`,
    common: null,
  };
});

/** Requests whose response has been sent since the end of the warm-up. */
function requestsDone({ recorder }: ClusterModel): number {
  return recorder.stageCount.data.reduce((sum, count) => sum + count, 0);
}

/** Runs on; the events by kind. */
function countByKind({ sim }: ClusterModel, untilNs: number): Float64Array {
  const counts = new Float64Array(KIND_NAMES.length);
  sim.traceTo({
    event: (_time, _microstep, _priority, _target, _source, _sequence, kind) => {
      counts[kind] += 1;
    },
  });
  sim.run(untilNs);
  return counts;
}

/** Use of the busiest host of a kind in its busiest second after the warm-up, cores. */
function coresBusyMax(model: ClusterModel, group: string): number {
  const hosts = readOut(model).hosts.filter(({ name }) => name.startsWith(group));
  return Math.max(...hosts.map(({ busyCoreNs }) => Math.max(...busyCoreNs))) / 1e9;
}
