/**
 * Throttling what a reassignment copies, as kafka-reassign-partitions does: the replicas that send and those that receive are
 * named on the topic, the rate is set on the brokers. Rates that were set before are put back afterwards, and other replicas that
 * are named on the topic stay named. Reassignments of this process that overlap share what both need.
 */
import { type ConfigChange, type ConfigOwner, changeConfigs, readConfigs } from './configs.ts';
import type { AdminSession } from './session.ts';

/** What a reassignment of a partition copies, and between which brokers. */
export interface ThrottledMove {
  readonly topic: string;
  readonly partition: number;
  /** Brokers that have it. */
  readonly sources: readonly number[];
  /** Brokers that get it. */
  readonly destinations: readonly number[];
}

const RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate'] as const;
const SENDERS = 'leader.replication.throttled.replicas';
const RECEIVERS = 'follower.replication.throttled.replicas';
const ALL_REPLICAS = '*';

interface HeldRate {
  /** What was stated before us; null for nothing. */
  readonly original: string | null;
  /** Rates of all that hold it now; the last one is in force. */
  rates: { readonly holder: ReplicationThrottle; readonly value: string }[];
}

/** By cluster, broker and property. */
const heldRates = new Map<string, HeldRate>();
/** How many hold an entry of a topic's list, by cluster, topic, property and entry. Entries of others are not in it. */
const heldEntries = new Map<string, number>();

let turn: Promise<unknown> = Promise.resolve();

/** Setting and removing take turns: what one is taking away must not look to the next one as somebody's own. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const mine = turn.then(work);
  // Whoever asked is told of a failure.
  turn = mine.catch(() => undefined);
  return mine;
}

export class ReplicationThrottle {
  readonly #clusterId: string;
  readonly #moves: readonly ThrottledMove[];
  readonly #bytesPerSecond: number;
  #brokers: number[] = [];
  #entries: { readonly topic: string; readonly property: string; readonly entries: string[] }[] = [];

  /** `bytesPerSecond`: the most that each broker sends, and that each receives, for these moves. */
  constructor(clusterId: string, moves: readonly ThrottledMove[], bytesPerSecond: number) {
    this.#clusterId = clusterId;
    this.#moves = moves;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /**
   * Puts the throttle in force. What was done when it fails in between is undone by `remove`.
   *
   * @param running the brokers that can be given a rate; the others copy nothing
   * @throws UserError (exit 3) with Kafka's words when it refuses.
   */
  set(session: AdminSession, running: ReadonlySet<number>): Promise<void> {
    return inTurn(() => this.#set(session, running));
  }

  /** Takes the throttle away and returns what could not be taken away, a line each. */
  remove(session: AdminSession): Promise<string[]> {
    return inTurn(() => this.#remove(session));
  }

  async #set(session: AdminSession, running: ReadonlySet<number>): Promise<void> {
    for (const [topic, moves] of Map.groupBy(this.#moves, (move) => move.topic)) {
      const senders = moves.flatMap((move) => move.sources.map((id) => `${move.partition}:${id}`));
      const receivers = moves.flatMap((move) => move.destinations.map((id) => `${move.partition}:${id}`));
      await this.#nameReplicas(session, topic, SENDERS, senders);
      await this.#nameReplicas(session, topic, RECEIVERS, receivers);
    }
    const involved = new Set(this.#moves.flatMap((move) => [...move.sources, ...move.destinations]));
    const settings = [...involved].filter((broker) => running.has(broker));
    // None may still be under way when `remove` begins.
    const outcomes = await Promise.allSettled(settings.map((broker) => this.#setRates(session, broker)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #remove(session: AdminSession): Promise<string[]> {
    const attempt = async (what: string, work: () => Promise<void>): Promise<string[]> => {
      try {
        await work();
        return [];
      } catch (error) {
        return [`${what} is left in force: ${error instanceof Error ? error.message : String(error)}`];
      }
    };
    const left = await Promise.all([
      ...this.#brokers.map((broker) =>
        attempt(`the replication throttle of broker ${broker}`, () => this.#restoreRates(session, broker)),
      ),
      ...this.#entries.map(({ topic, property, entries }) =>
        attempt(`${property}=${entries.join(',')} of topic ${topic}`, () =>
          this.#unnameReplicas(session, topic, property, entries),
        ),
      ),
    ]);
    this.#brokers = [];
    this.#entries = [];
    return left.flat();
  }

  async #nameReplicas(
    session: AdminSession,
    topic: string,
    property: string,
    entries: readonly string[],
  ): Promise<void> {
    const there = await namedReplicas(session, topic, property);
    if (there.has(ALL_REPLICAS)) return;
    const missing = entries.filter((entry) => !there.has(entry));
    const ours = entries.filter((entry) => {
      const key = this.#key(topic, property, entry);
      return heldEntries.has(key) || missing.includes(entry);
    });
    if (ours.length === 0) return;
    for (const entry of ours) {
      const key = this.#key(topic, property, entry);
      heldEntries.set(key, (heldEntries.get(key) ?? 0) + 1);
    }
    this.#entries.push({ topic, property, entries: ours });
    if (missing.length === 0) return;
    const change: ConfigChange = { name: property, change: 'append', value: missing.join(',') };
    await changeConfigs(session, { kind: 'topic', topic }, [change]);
  }

  async #unnameReplicas(
    session: AdminSession,
    topic: string,
    property: string,
    entries: readonly string[],
  ): Promise<void> {
    const gone = entries.filter((entry) => {
      const key = this.#key(topic, property, entry);
      const holders = (heldEntries.get(key) ?? 0) - 1;
      if (holders > 0) heldEntries.set(key, holders);
      else heldEntries.delete(key);
      return holders <= 0;
    });
    const there = await namedReplicas(session, topic, property);
    const present = gone.filter((entry) => there.has(entry));
    if (present.length === 0) return;
    const last = present.length === there.size;
    const change: ConfigChange = last
      ? { name: property, change: 'delete', value: '' }
      : { name: property, change: 'subtract', value: present.join(',') };
    await changeConfigs(session, { kind: 'topic', topic }, [change]);
  }

  async #setRates(session: AdminSession, broker: number): Promise<void> {
    const owner = { kind: 'broker', broker } as const;
    const value = String(Math.round(this.#bytesPerSecond));
    const now = await statedValues(session, owner, RATES);
    for (const property of RATES) {
      const key = this.#key(broker, property);
      const held = heldRates.get(key) ?? { original: now.get(property) ?? null, rates: [] };
      held.rates.push({ holder: this, value });
      heldRates.set(key, held);
    }
    this.#brokers.push(broker);
    const changes = RATES.map((name): ConfigChange => ({ name, change: 'set', value }));
    await changeConfigs(session, owner, changes);
  }

  async #restoreRates(session: AdminSession, broker: number): Promise<void> {
    const owner = { kind: 'broker', broker } as const;
    const before = RATES.map((property) => this.#letGo(broker, property));
    const now = await statedValues(session, owner, RATES);
    const changes = before.flatMap(({ name, ours, next }): ConfigChange[] => {
      const current = now.get(name);
      // Somebody has set another rate meanwhile: it is theirs.
      if (current === undefined || !ours.includes(current)) return [];
      return [next === null ? { name, change: 'delete', value: '' } : { name, change: 'set', value: next }];
    });
    if (changes.length > 0) await changeConfigs(session, owner, changes);
  }

  /** Gives up a rate; returns the rates that were ours and what comes in their place. */
  #letGo(
    broker: number,
    name: string,
  ): { readonly name: string; readonly ours: readonly string[]; readonly next: string | null } {
    const key = this.#key(broker, name);
    const held = heldRates.get(key);
    if (held === undefined) throw new Error(`rate ${key} is given up but was not held`);
    const ours = held.rates.map(({ value }) => value);
    held.rates = held.rates.filter(({ holder }) => holder !== this);
    if (held.rates.length === 0) heldRates.delete(key);
    return { name, ours, next: held.rates.at(-1)?.value ?? held.original };
  }

  #key(...parts: readonly (string | number)[]): string {
    return [this.#clusterId, ...parts].join(' ');
  }
}

async function namedReplicas(session: AdminSession, topic: string, property: string): Promise<Set<string>> {
  const values = await statedValues(session, { kind: 'topic', topic }, [property]);
  return new Set((values.get(property) ?? '').split(',').filter((entry) => entry !== ''));
}

async function statedValues(
  session: AdminSession,
  owner: ConfigOwner,
  names: readonly string[],
): Promise<Map<string, string>> {
  const values = await readConfigs(session, owner, names);
  return new Map(
    [...values].flatMap(([name, { value, stated }]): [string, string][] =>
      stated && value !== null ? [[name, value]] : [],
    ),
  );
}
