/** What a simulation says when it refuses a call or stops: the call, the entities and kinds by name, what was expected. */
import type { EventRows } from './event-rows.ts';
import { KIND, ROW_HALVES, TARGET } from './event-rows.ts';

/** What of a simulation its messages speak of. */
export interface Described {
  readonly nowNs: number;
  readonly entityBase: number;
  readonly entityNames: readonly string[];
  readonly kindNames: readonly string[];
}

/** Events before the limit of an instant, and texts, that a message counts. */
export const STANDSTILL_SAMPLE = 100;
const TEXTS_SHOWN = 3;

export class Complaints {
  readonly #simulation: Described;
  readonly #standstill: string[] = [];

  constructor(simulation: Described) {
    this.#simulation = simulation;
  }

  entity(entity: number): string {
    const { entityNames, entityBase } = this.#simulation;
    return entityNames[entity - entityBase] ?? `entity ${entity}`;
  }

  kind(kind: number): string {
    return this.#simulation.kindNames[kind] ?? `unknown kind ${kind}`;
  }

  delay(delayNs: number, target: number, kind: number): RangeError {
    return new RangeError(
      `${this.#call(target, kind)} in ${delayNs} ns, at ${this.#simulation.nowNs} ns: ` +
        'expected a delay from 0 to the end of simulated time at 2^53 - 1 ns',
    );
  }

  unknownKind(target: number, kind: number): RangeError {
    const { length } = this.#simulation.kindNames;
    const known =
      length === 0 ? 'the simulation has no model yet' : `the model knows kinds 0 to ${length - 1}`;
    return new RangeError(`${this.#call(target, kind)}: ${known}`);
  }

  priority(priority: number, target: number, kind: number): RangeError {
    return new RangeError(
      `${this.#call(target, kind)}: expected a priority from 0 to 2^32 - 1, a whole number, found ${priority}`,
    );
  }

  /** @param source the running entity; null when none is */
  foreign(
    delayNs: number,
    target: number,
    kind: number,
    source: number | null,
    lookaheadNs: number,
  ): RangeError {
    const call = `${this.#call(target, kind)} in ${delayNs} ns`;
    if (!(target >= 0) || lookaheadNs === Number.POSITIVE_INFINITY) {
      return new RangeError(`${call}: there is no such entity, and no other shard to have it`);
    }
    if (source === null) return new RangeError(`${call}: only a running entity can reach another shard`);
    return new RangeError(
      `${call} from ${this.entity(source)}: another shard is ${lookaheadNs} ns away (lookahead)`,
    );
  }

  /** An event from another shard for an entity that is not here. */
  stranger(target: number, kind: number): RangeError {
    return new RangeError(`deliver(${this.kind(kind)}): the shard has no ${this.entity(target)}`);
  }

  /** An event from another shard for a time that has passed. */
  late(target: number, kind: number, timeNs: number): RangeError {
    return new RangeError(
      `deliver(${this.kind(kind)}) for ${this.entity(target)} at ${timeNs} ns: ` +
        `the shard has run to ${this.#simulation.nowNs} ns`,
    );
  }

  pending(limit: number, target: number, kind: number, rows: EventRows): RangeError {
    const pending: string[] = [];
    const { halves } = rows.records;
    for (let row = 0; row < rows.top; row += 1) {
      const half = row * ROW_HALVES;
      if (rows.isPending(row)) pending.push(this.#event(halves[half + TARGET], halves[half + KIND]));
    }
    return new RangeError(
      `${this.#call(target, kind)} at ${this.#simulation.nowNs} ns: ` +
        `${limit} events are pending, the limit: ${mostFrequent(pending)}`,
    );
  }

  /** Remembers an event near the limit of those without time passing, to say at the limit what goes round. */
  noteStandstill(target: number, kind: number): void {
    if (this.#standstill.length === STANDSTILL_SAMPLE) this.#standstill.shift();
    this.#standstill.push(this.#event(target, kind));
  }

  standstill(limit: number): Error {
    return new Error(
      `${limit} events passed at ${this.#simulation.nowNs} ns without time moving on; ` +
        `the last ${this.#standstill.length}: ${mostFrequent(this.#standstill)}`,
    );
  }

  #call(target: number, kind: number): string {
    return `schedule(${this.kind(kind)}) for ${this.entity(target)}`;
  }

  #event(target: number, kind: number): string {
    return `${this.kind(kind)} for ${this.entity(target)}`;
  }
}

/** The most frequent of some texts with their numbers, and how many more there are. */
function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const sorted = [...counts].sort(([, x], [, y]) => y - x);
  const shown = sorted.slice(0, TEXTS_SHOWN).map(([text, count]) => `${count} ${text}`);
  const others = sorted.slice(TEXTS_SHOWN).reduce((sum, [, count]) => sum + count, 0);
  return (others === 0 ? shown : [...shown, `${others} others`]).join(', ');
}
