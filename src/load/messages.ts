/**
 * What the main thread, the worker threads and the agents between them say to each other: plain data. Every time is in
 * nanoseconds of the common clock (clock.ts), which each message names (clock-domain.ts).
 */
import type { ClientThread } from '../scenario/client-threads.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import type { ClientCaps } from './caps.ts';
import type { Clocked } from './clock-domain.ts';
import type { TargetCluster } from './cluster.ts';
import type { Interval } from './interval.ts';
import type { Payload } from './producer/payload.ts';
import type { SendTotals } from './producer/send-totals.ts';
import type { SteadyStateRecording } from './producer/steady-state.ts';
import type { Recording } from './recorder.ts';
import type { StallSummary } from './stalls.ts';
import type { ConsumerLedgerData } from './verify/consumer-ledger.ts';
import type { ProducerLedgerData } from './verify/producer-ledger.ts';

/** A worker's plan, its `workerData`. The name is unique within a run. */
export interface WorkerPlan {
  readonly name: string;
  readonly thread: ClientThread;
  readonly scenario: Scenario;
  readonly phase: Phase;
  readonly target: TargetCluster;
  /** Number that is stamped on all records of a verified run; null for none. */
  readonly verifyRun: number | null;
  readonly payload: Payload;
  /** After so many records a producer client makes no more; null for no such limit. */
  readonly recordsMax: number | null;
  /** So many records of a producer client are a warm-up, and what follows is told of by itself; 0 for none. */
  readonly warmupRecords: number;
  /** So many records of a client go to one partition, then so many to the next; null: as keys and shares have it. */
  readonly recordsInTurn: number | null;
  /** Producers tell of their progress so often, in milliseconds. */
  readonly progressEveryMs: number;
  /** By producer class: what each of its clients may do at most. */
  readonly caps: readonly ClientCaps[];
  /** Of topics that were there before: where this run's records begin, by partition. */
  readonly beginnings: Readonly<Record<string, readonly number[]>>;
}

/** Start of the load, end of the warm-up, end of the measured part. */
export interface Times {
  readonly startNs: number;
  readonly warmNs: number;
  readonly endNs: number;
}

export type ToWorker =
  | { readonly kind: 'start'; readonly times: Times }
  /** Producers: nothing more is due; wait for what is under way. */
  | { readonly kind: 'end' }
  /** Producers: end the schedule now. Consumers: stop reading. Both answer with their result. */
  | { readonly kind: 'stop' }
  /** Consumers: read up to these log ends, by partition number of the run's streams; null where unknown. */
  | { readonly kind: 'drain'; readonly ends: readonly (number | null)[] };

export type FromWorker =
  /** Producers: connected. */
  | { readonly kind: 'ready' }
  /** Consumers: what this thread's members have been given, whenever that changes. */
  | { readonly kind: 'assigned'; readonly members: readonly MemberAssignment[] }
  /** Once a second, producers as often as asked; also as a sign of life. */
  | { readonly kind: 'progress'; readonly progress: WorkerProgress }
  | { readonly kind: 'result'; readonly result: WorkerResult }
  | {
      readonly kind: 'failed';
      readonly message: string;
      /** Lines for the user, when the trouble is theirs to mend. */
      readonly user: { readonly lines: readonly string[]; readonly exitCode: number } | null;
    };

/** To an agent. Its threads go by their names. */
export type ToAgent =
  | { readonly kind: 'start'; readonly plan: WorkerPlan }
  | { readonly kind: 'tell'; readonly thread: string; readonly message: Clocked<ToWorker> };

/** From an agent. */
export type FromAgent =
  /** Said first. The pid is the agent's own, whatever process its command made. */
  | { readonly kind: 'running'; readonly pid: number }
  | { readonly kind: 'said'; readonly thread: string; readonly message: Clocked<FromWorker> }
  | { readonly kind: 'failed'; readonly thread: string; readonly error: Error }
  | { readonly kind: 'ended'; readonly thread: string; readonly reason: Error };

export interface MemberAssignment {
  readonly group: string;
  /** Number of partitions; null before the group's first assignment. */
  readonly partitions: number | null;
}

export interface WorkerProgress {
  /** Since the start of the load, by class index: records acknowledged, or received. */
  readonly records: Readonly<Record<number, number>>;
  /** Producers: what was acknowledged since the last progress. */
  readonly acknowledged: Interval;
  /** Consumers that were told to drain: all of their partitions are read to the ends. */
  readonly drained: boolean;
  /** Producers: a client has made all bytes that it may. */
  readonly spent: boolean;
  /** Publish latency of the last whole second in the measured part. */
  readonly p99Ms: number | null;
}

export interface WorkerResult {
  readonly name: string;
  readonly role: ClientThread['role'];
  readonly classes: readonly ClassRecording[];
  /** Producers in a paced phase: due time to entry, encoded histogram of microseconds. */
  readonly lateness: string | null;
  /** Over the measured part, as far as it went. */
  readonly cpuSeconds: number;
  readonly utilisation: number;
  /** Producers: moments in which its event loop stood still, in the measured part. */
  readonly stalls: StallSummary | null;
  /** Producers: most bytes that were sent but not taken by the system, on the connections of one client. */
  readonly unwrittenBytesMax: number;
  /** Producers: keys, values and headers, since the start of the load. */
  readonly bytesMade: number;
  /** Messages of errors, with how often each came. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of a verified run: what became of the records made here. */
  readonly produced: ProducerLedgerData | null;
  /** Of a verified run, by group: the records seen here. */
  readonly consumed: Readonly<Record<string, ConsumerLedgerData>>;
}

/** One traffic class on one thread. */
export interface ClassRecording {
  readonly classIndex: number;
  readonly recording: Recording;
  /** Producers: latencies from the send, and delays from the due time to the send, in parts as the recording's. */
  readonly fromSend: Recording['latencyParts'];
  readonly delay: Recording['latencyParts'];
  /** From the start of the load to the end of the wait for stragglers: acknowledged, or received. */
  readonly records: number;
  /** Producers: of the records due in the measured part, so many came due, and so many were given up. */
  readonly recordsDue: number;
  readonly recordsFailed: number;
  /** Producers: sent in the measured part. */
  readonly requests: number;
  readonly batches: number;
  /** Bytes of these batches on the wire. */
  readonly batchBytes: number;
  /** Producers: batches that were sent again, over the whole phase. */
  readonly retriedBatches: number;
  /** Saturating producers: requests answered in the measured part, and those after which too few records were made to send the next. */
  readonly answers: number;
  readonly answersStarved: number;
  /** Consumers: most records behind the log end in each window, and records behind at the end of the measured part. */
  readonly lagMaxPerWindow: readonly number[];
  readonly lagAtEnd: number;
  /** Consumers: records without a due time, which have no latency. */
  readonly recordsWithoutDueTime: number;
  /** Producers: what was sent over the whole phase. */
  readonly sending: SendTotals;
  /** Producers: what came after `warmupRecords`; null without them. */
  readonly steady: SteadyStateRecording | null;
}
