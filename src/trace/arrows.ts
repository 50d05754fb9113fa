/**
 * Which events were scheduled by an event of the trace: an arrow each, from cause to effect.
 *
 * Kept as one bit for every event that an entity scheduled, so that a trace of any length fits. An arrow's number is its
 * source's first number plus the sequence.
 */
import { AT } from './format.ts';
import { EVENTS_BETWEEN_PAUSES, pause } from './pause.ts';
import type { TraceFile, TracePart } from './trace-file.ts';

/** What is known of the events that an entity scheduled. */
export class Scheduler {
  /** Events scheduled before the trace's first event for the entity: nothing in the trace caused those. */
  before = Number.POSITIVE_INFINITY;
  /** Number of the arrow of sequence 0. */
  firstArrow = 0;
  /** Highest sequence of an event in the trace. */
  last = 0;
  #handled = new Uint8Array(16);

  handle(sequence: number): void {
    const byte = Math.floor(sequence / 8);
    if (byte >= this.#handled.length) {
      const grown = new Uint8Array(Math.max(byte + 1, this.#handled.length * 2));
      grown.set(this.#handled);
      this.#handled = grown;
    }
    this.#handled[byte] |= 1 << (sequence % 8);
    this.last = Math.max(this.last, sequence);
  }

  /** Whether both the event of that sequence and the one that scheduled it are in the trace. */
  hasArrow(sequence: number): boolean {
    return sequence > this.before && (this.#handled[Math.floor(sequence / 8)] & (1 << (sequence % 8))) !== 0;
  }
}

/** The schedulers of a phase's entities, by the entity's number. */
export type Arrows = ReadonlyMap<number, Scheduler>;

/** Walks through the trace once; the arrows of each phase, in the phases' order. @throws the signal's reason when aborted */
export async function findArrows(trace: TraceFile, signal: AbortSignal | undefined): Promise<Arrows[]> {
  const phases = trace.run.phases.map(() => new Map<number, Scheduler>());
  for (const part of trace.parts) await findInPart(trace, part, phases[part.phaseIndex], signal);
  let arrows = 1;
  for (const scheduler of phases.flatMap((phase) => [...phase.values()])) {
    scheduler.firstArrow = arrows;
    arrows += scheduler.last + 1;
  }
  return phases;
}

async function findInPart(
  trace: TraceFile,
  part: TracePart,
  schedulers: Map<number, Scheduler>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const cursor = trace.cursor(part);
  while (cursor.next()) {
    if (cursor.index % EVENTS_BETWEEN_PAUSES === 0) await pause(signal);
    const target = schedulerOf(schedulers, cursor.get(AT.target));
    target.before = Math.min(target.before, cursor.get(AT.scheduled));
    schedulerOf(schedulers, cursor.get(AT.source)).handle(cursor.get(AT.sequence));
  }
}

function schedulerOf(schedulers: Map<number, Scheduler>, entity: number): Scheduler {
  const known = schedulers.get(entity);
  if (known !== undefined) return known;
  const made = new Scheduler();
  schedulers.set(entity, made);
  return made;
}
