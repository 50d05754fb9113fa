/** Every figure of the benchmark of the model, by which program it is measured, and what it has to reach. */
import type { Figure, Program } from '../kernel/catalogue.ts';
import type { Input } from '../kernel/program.ts';

const WHOLE = { topics: 1_000, partitions: 70 };
const SMOKE = { topics: 10, partitions: 8, warmupMs: 600, durationMs: 100, countMs: 100 };

function program(name: string, file: string, input: Input, smokeInput: Input): Program {
  return { side: 'ours', name, file, input, smokeInput };
}

function cluster(lingerMs: number, durations: Input): Program {
  const input = { ...WHOLE, lingerMs, ...durations };
  return program(`cluster-linger-${lingerMs}`, 'cluster.ts', input, { ...SMOKE, lingerMs });
}

const linger100 = cluster(100, { warmupMs: 2_000, durationMs: 5_000, countMs: 500 });
const linger5 = cluster(5, { warmupMs: 600, durationMs: 600, countMs: 50 });
const memory = program(
  'bytes-per-replica',
  'bytes-per-replica.ts',
  { topics: 100, partitions: 70, idleTopics: 900 },
  { topics: 10, partitions: 8, idleTopics: 90 },
);

function figure(
  name: string,
  unit: string,
  of: Program,
  value: string,
  better: Figure['better'],
  bound: number | null,
): Figure {
  return { name, unit, program: of, value, better, goals: [{ against: null, bound }] };
}

function figuresOf(of: Program, speed: number, memoryMiB: number | null): Figure[] {
  return [
    figure(of.name, 'x', of, 'speed', 'higher', speed),
    figure(`${of.name}-memory`, 'MiB', of, 'memoryMiB', 'lower', memoryMiB),
    figure(`${of.name}-requests`, 'requests/s', of, 'requestsPerSecond', 'higher', null),
    figure(`${of.name}-events`, 'events/s', of, 'eventsPerSecond', 'higher', null),
    figure(`${of.name}-events-per-request`, 'events', of, 'eventsPerRequest', 'lower', null),
  ];
}

export const FIGURES: readonly Figure[] = [
  ...figuresOf(linger100, 1, 2_048),
  ...figuresOf(linger5, 0.1, null),
  figure('bytes-per-replica', 'bytes', memory, 'bytesPerReplica', 'lower', 64),
];
