/**
 * Counters of the queues in front of network devices. Starting `tc` for each look would cost 2 ms of CPU, so one `tc` stays in
 * each namespace, reads commands from its stdin and answers each with a line of JSON (batch mode flushes after every
 * command). It ends when its stdin does, so also when this process dies.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Of a device's token bucket, else of its root queue; cumulative but for the backlog. */
export interface QdiscCounters {
  readonly sentBytes: number;
  readonly drops: number;
  /** Times that a packet had to wait for tokens. */
  readonly overlimits: number;
  readonly backlogBytes: number;
}

export interface QdiscReader {
  /** Of the reader; its /proc/<pid>/net is the namespace's. Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Null for a device that is not there or has no queue, and when the reader has ended. */
  read(device: string): Promise<QdiscCounters | null>;
  /** Ends the reader; what is asked already is answered with null. */
  close(): void;
}

const qdiscs = z.array(
  z.object({
    kind: z.string(),
    root: z.boolean().optional(),
    bytes: z.number().default(0),
    drops: z.number().default(0),
    overlimits: z.number().default(0),
    backlog: z.number().default(0),
  }),
);

/** Starts a reader in a namespace; it keeps no process alive. One that cannot be started answers null. */
export function openQdiscReader(namespace: string): QdiscReader {
  const child = spawn('tc', ['-n', namespace, '-s', '-j', '-force', '-batch', '-']);
  let answer: ((line: string | null) => void) | null = null;
  let ended = false;
  const settle = (line: string | null): void => {
    answer?.(line);
    answer = null;
  };
  const end = (): void => {
    ended = true;
    settle(null);
  };
  child.once('error', end);
  child.once('close', end);
  // Written after its end, a command is lost; `close` tells of that.
  child.stdin.on('error', end);
  createInterface({ input: child.stdout }).on('line', settle);
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('Command failed')) settle(null);
  });
  child.unref();
  holdProcess(child, false);

  // One command at a time: a failed one is answered on the other stream.
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (device: string): Promise<QdiscCounters | null> => {
    if (ended) return null;
    holdProcess(child, true);
    const line = await new Promise<string | null>((resolve) => {
      answer = resolve;
      child.stdin.write(`qdisc show dev ${device}\n`);
    });
    holdProcess(child, false);
    return line === null ? null : parseQdiscs(line);
  };
  return {
    pid: child.pid,
    read: (device) => {
      const answered = last.then(() => ask(device));
      last = answered;
      return answered;
    },
    close: () => {
      child.stdin.end();
      end();
    },
  };
}

/**
 * The counters out of the JSON of `tc -s -j qdisc show dev ...`; null when there is no queue. With latency the bucket is inside of
 * netem, which has all packets in its backlog that are merely on their way.
 */
export function parseQdiscs(json: string): QdiscCounters | null {
  const all = qdiscs.parse(JSON.parse(json));
  const queue = all.find(({ kind }) => kind === 'tbf') ?? all.find(({ root }) => root === true);
  if (queue === undefined) return null;
  const { bytes, drops, overlimits, backlog } = queue;
  return { sentBytes: bytes, drops, overlimits, backlogBytes: backlog };
}

/** Whether this process waits for the reader: only while an answer is due. */
function holdProcess(child: ChildProcessWithoutNullStreams, hold: boolean): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if (!(stream instanceof Socket)) continue;
    if (hold) stream.ref();
    else stream.unref();
  }
}
