/** What one operation must agree on with its cluster and within itself. */
import type { Action } from '../operations/operation.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import type { StatedOperation } from './resolve-operation.ts';
import { actions } from './schema-operations.ts';
import type { Path } from './yaml-source.ts';

/** The places that the facts of a cluster follow from; none where the cluster is not of this file. */
export type Origins = Readonly<Record<keyof ClusterFacts, readonly Path[]>>;

interface Context {
  readonly facts: ClusterFacts;
  readonly origins: Origins;
  readonly problems: Problems;
}

type Ids = number | readonly number[] | undefined;

/** What may stand under an action, as far as it is looked into here. */
interface Keys {
  readonly broker?: Ids;
  readonly controller?: Ids;
  readonly zone?: string | undefined;
  readonly from?: Ids | string;
  readonly direction?: string | undefined;
  readonly replicas?: Ids;
  readonly logDir?: number | undefined;
  readonly nic?: unknown;
  readonly cores?: unknown;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly wait?: unknown;
}

export function checkOperation({ action, under, place }: StatedOperation, context: Context): void {
  const keys: Keys = under;
  checkSelection(action, keys, place, context);
  checkWholeness(action, keys, place, context);
  if (action === 'addBroker') {
    checkNewBroker(keys.broker, [...place, 'broker'], context);
    return;
  }
  for (const key of ['broker', 'replicas', 'from'] as const) {
    const ids = keys[key];
    if (typeof ids !== 'string') checkIds('broker', ids, [...place, key], context);
  }
  checkIds('controller', keys.controller, [...place, 'controller'], context);
  checkZone(keys.zone, [...place, 'zone'], context);
  checkLogDir(keys.logDir, [...place, 'logDir'], context);
  checkSides(keys, place, context);
}

/** Actions on brokers of one's choice name them in exactly one way; only `heal` has a meaning without. */
function checkSelection(action: Action, keys: Keys, place: Path, { problems }: Context): void {
  const ways = (['broker', 'zone', 'controller'] as const).filter((key) => key in actions[action].shape);
  if (ways.length < 2) return;
  const stated = ways.filter((key) => keys[key] !== undefined);
  if (stated.length === 1) return;
  if (stated.length === 0 && (action === 'heal' || problems.hasUnknownKey(place))) return;
  const found = stated.length === 0 ? 'none' : stated.join(' and ');
  problems.value(
    place,
    `expected ${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}, found ${found}`,
    ways.map((key) => [...place, key]),
  );
}

/** Keys that need each other, or of which one must be there. */
function checkWholeness(action: Action, keys: Keys, place: Path, { problems }: Context): void {
  if (action === 'limit' && keys.nic === undefined && keys.cores === undefined) {
    problems.value(place, 'expected nic or cores, found none', [
      [...place, 'nic'],
      [...place, 'cores'],
    ]);
  }
  if (action === 'isolate' && keys.from === 'controllers' && keys.direction === 'in') {
    problems.value(
      [...place, 'direction'],
      'expected both or out (controllers send requests to nobody), found in',
    );
  }
  if (action === 'elect' && keys.partition !== undefined && keys.topic === undefined) {
    problems.value([...place, 'partition'], `expected a topic beside it, found none`, [[...place, 'topic']]);
  }
  if (action !== 'set') return;
  if (keys.topic !== undefined && keys.broker !== undefined) {
    problems.value(place, 'expected topic or broker, found both');
  }
  const config = [...place, 'config'];
  if (Object.keys(keys.config ?? {}).length === 0 && !problems.isBrokenInside(config)) {
    problems.value(config, 'expected at least one property, found none');
  }
}

function checkNewBroker(id: Ids, at: Path, { facts, origins, problems }: Context): void {
  if (facts.brokers.includes(Number(id))) {
    problems.value(at, `expected a new broker, found ${id}, which is there already`, origins.brokers);
  }
  if (facts.controllers.includes(Number(id))) {
    problems.value(at, `expected a new broker, found ${id}, which is a controller`, origins.controllers);
  }
}

function checkIds(
  what: 'broker' | 'controller',
  stated: Ids,
  at: Path,
  { facts, origins, problems }: Context,
): void {
  if (stated === undefined) return;
  const ids = [stated].flat();
  const known = what === 'broker' ? facts.brokers : facts.controllers;
  const from = what === 'broker' ? origins.brokers : origins.controllers;
  if ((ids.length === 0 || new Set(ids).size < ids.length) && !problems.isBrokenInside(at)) {
    const found = ids.length === 0 ? 'none' : ids.join(', ');
    problems.value(at, `expected different ${what}s, at least one, found ${found}`);
  }
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return;
  const expected =
    known.length > 0
      ? `expected one of ${known.slice(0, 20).join(', ')}`
      : 'there is none outside the brokers: name a broker';
  problems.value(at, `unknown ${what} ${unknown}, ${expected}`, from);
}

function checkZone(zone: string | undefined, at: Path, { facts, origins, problems }: Context): void {
  if (zone === undefined) return;
  const brokers = facts.zones.get(zone);
  if (brokers === undefined) {
    problems.value(at, `unknown zone "${zone}"${suggestion(zone, [...facts.zones.keys()])}`, origins.zones);
  } else if (brokers.length === 0) {
    problems.value(at, `expected a zone with brokers, found "${zone}", which has none`, [
      ...origins.zones,
      ...origins.brokers,
    ]);
  }
}

function checkLogDir(logDir: number | undefined, at: Path, { facts, origins, problems }: Context): void {
  if (logDir === undefined || logDir <= facts.logDirs) return;
  problems.value(
    at,
    `expected at most ${facts.logDirs}, the number of log dirs of a broker, found ${logDir}`,
    origins.logDirs,
  );
}

/** No broker is on both sides of a cut. */
function checkSides(keys: Keys, place: Path, { facts, origins, problems }: Context): void {
  if (keys.from === undefined || typeof keys.from === 'string') return;
  const here = keys.zone === undefined ? [keys.broker ?? []].flat() : (facts.zones.get(keys.zone) ?? []);
  const both = [keys.from].flat().find((id) => here.includes(id));
  if (both === undefined) return;
  problems.value([...place, 'from'], `expected other brokers, found ${both}, which is to be isolated`, [
    ...(keys.zone === undefined ? [] : [...origins.zones, ...origins.brokers]),
  ]);
}
