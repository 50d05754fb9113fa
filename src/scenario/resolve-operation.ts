/** One entry of the timeline, from the file's keys to an `Operation`. */
import { BROKER_PROPERTIES, TOPIC_PROPERTIES } from './kafka-defaults.ts';
import { type PropertyTable, parseProperty, plainText } from './kafka-property.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import type { ClusterTemplate, Operation } from './scenario.ts';
import type { ScenarioFile } from './schema.ts';
import { ACTIONS } from './schema-operations.ts';
import type { Path } from './yaml-source.ts';

type Entry = NonNullable<ScenarioFile['operations']>[number];
type Target = Record<string, string | number | boolean | readonly number[]>;

export interface OperationContext {
  readonly problems: Problems;
  /** The cluster that is stated, or the only one. */
  readonly clusterOf: (stated: string | undefined, at: Path) => ClusterTemplate | undefined;
  /** The topic class that is stated. */
  readonly topicOf: (stated: string, at: Path) => string;
}

/** Actions on brokers, which name them or their zone. */
const NEED_BROKER_OR_ZONE: ReadonlySet<string> = new Set([
  'kill',
  'pause',
  'continue',
  'start',
  'stop',
  'restart',
  'isolate',
  'heal',
]);

/**
 * The target holds what stands under the action, with the cluster always named, durations as `waitMs`, rates as
 * `throttleBytesPerSecond`, and the properties of `set` by Kafka's names in Kafka's notation.
 */
export function resolveOperation(entry: Entry, at: Path, context: OperationContext): Operation {
  const { problems } = context;
  const stated = ACTIONS.filter((action) => entry[action] !== undefined);
  if (stated.length !== 1) {
    const found = stated.length === 0 ? 'none' : stated.join(' and ');
    problems.value(
      at,
      `expected exactly one action out of ${ACTIONS.join(', ')}, found ${found}`,
      ACTIONS.map((action) => [...at, action]),
    );
  }
  const [action] = stated;
  if (action === undefined) return { atMs: entry.at, action: '', target: {} };
  const under: Readonly<Record<string, unknown>> = entry[action] ?? {};
  const place = [...at, action];
  if (NEED_BROKER_OR_ZONE.has(action) && (under.broker === undefined) === (under.zone === undefined)) {
    const found = under.broker === undefined ? 'none' : 'both';
    problems.value(place, `expected broker or zone, found ${found}`, [
      [...place, 'broker'],
      [...place, 'zone'],
    ]);
  }
  const target: Target = { cluster: context.clusterOf(entry[action]?.cluster, place)?.name ?? '' };
  for (const [key, value] of Object.entries(under)) {
    if (key === 'config') Object.assign(target, settings(under, place, problems));
    else if (key === 'wait') target.waitMs = value as number;
    else if (key === 'throttle') target.throttleBytesPerSecond = value as number;
    else if (value !== undefined) target[key] = value as Target[string];
  }
  if (typeof target.topic === 'string') context.topicOf(target.topic, [...place, 'topic']);
  return { atMs: entry.at, action, target };
}

function settings(
  under: Readonly<Record<string, unknown>>,
  place: Path,
  problems: Problems,
): Record<string, string> {
  const ofTopic = under.topic !== undefined;
  if (ofTopic && under.broker !== undefined) problems.value(place, 'expected topic or broker, found both');
  const table: PropertyTable = ofTopic ? TOPIC_PROPERTIES : BROKER_PROPERTIES;
  const properties: Record<string, string> = {};
  for (const [key, value] of Object.entries(under.config ?? {})) {
    const at = [...place, 'config', key];
    if (!Object.hasOwn(table, key)) {
      const inside = problems.nameOf([...place, 'config']);
      problems.key(at, `unknown key "${key}" in ${inside}${suggestion(key, Object.keys(table))}`, [
        [...place, 'topic'],
      ]);
      continue;
    }
    const parsed = parseProperty(table[key], value);
    if ('problem' in parsed) problems.value(at, parsed.problem);
    else properties[key] = plainText(table[key], parsed.value);
  }
  return properties;
}
