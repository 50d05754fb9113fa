/** Traces for tests: of the causal shards, and of events made up. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { runShards } from '../../../src/kernel/parallel/run-shards.ts';
import { BlockWriter } from '../../../src/trace/block-writer.ts';
import { BLOCK, FIELDS, FORMAT, type TraceEvent, type TraceRun } from '../../../src/trace/format.ts';
import { ShardRecorder } from '../../../src/trace/shard-recorder.ts';
import { startTrace } from '../../../src/trace/start-trace.ts';
import { TraceFile, type TracePart } from '../../../src/trace/trace-file.ts';
import { type CausalInput, LOOKAHEAD_NS } from './causal-shards.ts';

/** An empty directory that goes with the test. */
export function scratch(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'brokertwin-trace-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function traceRun(changes: Partial<TraceRun> = {}): TraceRun {
  return {
    format: FORMAT,
    brokertwin: '1.2.3',
    scenario: { name: 'causal', hash: 'c0ffee' },
    seed: 7,
    profile: { name: 'reference', hash: 'f00d' },
    phases: ['paced'],
    shards: ['cluster-0', 'cluster-1', 'cluster-2'],
    fromNs: 0,
    untilNs: null,
    ...changes,
  };
}

export interface CausalRun extends Partial<CausalInput> {
  readonly workers?: number;
  readonly untilNs?: number;
  readonly run?: Partial<TraceRun>;
}

/** Runs the causal shards with a trace in `file`, or in its unfinished one when they fail. */
export async function traceCausal(file: string, options: CausalRun = {}): Promise<void> {
  const run = traceRun(options.run);
  const trace = startTrace(file, run);
  const untilNs = options.untilNs ?? 20_000;
  for (const phase of run.phases.keys()) {
    const input: CausalInput = {
      seed: options.seed ?? '7',
      shards: run.shards.length,
      failsAtNs: options.failsAtNs ?? null,
      straysAtNs: options.straysAtNs ?? null,
    };
    await runShards({
      factoryModule: new URL('./causal-shards.ts', import.meta.url).href,
      input,
      shards: run.shards.length,
      workers: options.workers ?? 1,
      untilNs,
      lookaheadNs: LOOKAHEAD_NS,
      observer: {
        module: new URL('../../../src/trace/observe-shard.ts', import.meta.url).href,
        input: trace.observe(phase, untilNs),
      },
    });
  }
  trace.finish();
}

/** Writes events, a list a part, with the run's window; entities and kinds are numbered from 0 to 9. */
export function writeEvents(file: string, parts: readonly (readonly TraceEvent[])[], run: TraceRun): void {
  const trace = startTrace(file, run);
  const writer = new BlockWriter(trace.observe(0, 0).file);
  for (const [part, events] of parts.entries()) {
    const names = Array.from({ length: 10 }, (_, index) => `${part}.${index}`);
    writer.writeJson(BLOCK.names, part, { entityBase: part * 10, entities: names, kinds: names });
    const recorder = new ShardRecorder(writer, part, run);
    for (const event of events) tell(recorder, event);
    recorder.finish(true);
  }
  writer.close();
  trace.finish();
}

export function tell(recorder: ShardRecorder, e: TraceEvent): void {
  recorder.event(
    e.timeNs,
    e.microstep,
    e.priority,
    e.target,
    e.source,
    e.sequence,
    e.kind,
    e.a,
    e.b,
    e.c,
    e.d,
    e.scheduled,
  );
}

/** What `read` makes of the trace, which is closed then. */
export async function withTrace<T>(file: string, read: (trace: TraceFile) => T | Promise<T>): Promise<T> {
  const trace = new TraceFile(file);
  try {
    return await read(trace);
  } finally {
    trace.close();
  }
}

export function eventsOf(trace: TraceFile, part: TracePart): TraceEvent[] {
  const events: TraceEvent[] = [];
  const cursor = trace.cursor(part);
  while (cursor.next()) {
    events.push(Object.fromEntries(FIELDS.map((name, field) => [name, cursor.get(field)])) as TraceEvent);
  }
  return events;
}

/** All events of a trace, a list a part. */
export function readEvents(file: string): Promise<TraceEvent[][]> {
  return withTrace(file, (trace) => trace.parts.map((part) => eventsOf(trace, part)));
}

/** Fails at the first event that is not the same: the difference of two long lists takes minutes to show. */
export function assertSameEvents(actual: readonly TraceEvent[], expected: readonly TraceEvent[]): void {
  assert.equal(actual.length, expected.length);
  const at = expected.findIndex((event, index) => !isDeepStrictEqual(event, actual[index]));
  if (at >= 0) assert.deepStrictEqual({ at, ...actual[at] }, { at, ...expected[at] });
}
