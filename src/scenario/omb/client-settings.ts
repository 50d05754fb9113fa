/**
 * Who gets which property of a driver, as OMB's Kafka driver deals them out: a client has the common ones, then its own on
 * top; serializers and the group are always OMB's. Addresses and security come from the common ones alone, since the same
 * cluster is meant for all.
 */

import type { PropertyLine } from '../java-properties.ts';
import { CONSUMER_PROPERTIES, PRODUCER_PROPERTIES, TOPIC_PROPERTIES } from '../kafka-defaults.ts';
import { type PropertyTable, parseProperty } from '../kafka-property.ts';
import { shownSetting, suggestion } from '../nearest.ts';
import type { Problems } from '../problems.ts';
import type { OmbSource, PropertyBlock } from './omb-source.ts';

export interface DriverSettings {
  /** Kafka's properties as written, each known to be readable. */
  readonly topics: Settings;
  readonly producers: Settings;
  readonly consumers: Settings;
  /** `host:port`, with commas between; null where the driver names none. */
  readonly bootstrapServers: string | null;
  /** How to connect: security, and who the client says it is; verbatim, by Kafka's names. */
  readonly clientProperties: Settings;
}

type Settings = Readonly<Record<string, string>>;
type ClientBlock = Exclude<PropertyBlock, 'topicConfig'>;

const BOOTSTRAP = 'bootstrap.servers';
const CLIENT_ID = 'client.id';
/** What OMB's Kafka driver replaces in client.id by the JVM's system property zone.id. */
const ZONE = '{zone.id}';

/** Names of how to connect: these, and everything of TLS and SASL. */
const CONNECTION = [BOOTSTRAP, CLIENT_ID, 'client.dns.lookup', 'security.protocol', 'security.providers'];
const isConnection = (name: string): boolean => CONNECTION.includes(name) || /^(?:ssl|sasl)\./.test(name);

/** What OMB writes over. */
const OMBS_OWN = ['key.serializer', 'value.serializer', 'key.deserializer', 'value.deserializer', 'group.id'];

/** What changes nothing in what a client sends or reads. */
const WITHOUT_EFFECT = [
  'allow.auto.create.topics',
  'auto.include.jmx.reporter',
  'enable.metrics.push',
  'exclude.internal.topics',
  'metadata.recovery.rebootstrap.trigger.ms',
  'metric.reporters',
  'metrics.num.samples',
  'metrics.recording.level',
  'metrics.sample.window.ms',
];

const REFUSED: Readonly<Record<string, string>> = {
  'config.providers': 'values are taken as they are written',
  'group.instance.id': 'members of groups are never static',
  'interceptor.classes': 'no Java classes are run',
  'transaction.two.phase.commit.enable': 'there is no such transaction',
};

/** Sorts the driver's properties, the last where one stands twice, and reports what is wrong with them. */
export function driverSettings(source: OmbSource, problems: Problems, zone: string | null): DriverSettings {
  return new Sorter(source, problems, zone).settings();
}

class Sorter {
  readonly #source: OmbSource;
  readonly #problems: Problems;
  readonly #zone: string | null;
  readonly #common: ReadonlyMap<string, PropertyLine>;

  constructor(source: OmbSource, problems: Problems, zone: string | null) {
    this.#source = source;
    this.#problems = problems;
    this.#zone = zone;
    this.#common = this.#lastOfEach('commonConfig');
  }

  settings(): DriverSettings {
    const connection = [...this.#common.values()].filter(({ key }) => isConnection(key));
    this.#checkCommon();
    return {
      topics: this.#topics(),
      producers: { ...this.#shared(PRODUCER_PROPERTIES), ...this.#own('producerConfig') },
      consumers: { ...this.#shared(CONSUMER_PROPERTIES), ...this.#own('consumerConfig') },
      bootstrapServers: this.#bootstrapServers(),
      clientProperties: Object.fromEntries(
        connection.filter(({ key }) => key !== BOOTSTRAP).map((line) => [line.key, this.#withZone(line)]),
      ),
    };
  }

  #lastOfEach(block: PropertyBlock): ReadonlyMap<string, PropertyLine> {
    const last = new Map<string, PropertyLine>();
    for (const line of this.#source.properties[block]) {
      if (last.has(line.key)) {
        const place = ['driver', block, line.key];
        this.#problems.warning(place, `${line.key} stands twice in ${block}: the last one counts`);
      }
      last.set(line.key, line);
    }
    return last;
  }

  #topics(): Settings {
    const lines = [...this.#lastOfEach('topicConfig').values()];
    return Object.fromEntries(
      lines.filter((line) => this.#isReadable('topicConfig', line, TOPIC_PROPERTIES)).map(asEntry),
    );
  }

  /** The common ones that clients of this kind know. */
  #shared(table: PropertyTable): Settings {
    const known = [...this.#common.values()].filter(({ key }) => Object.hasOwn(table, key));
    return Object.fromEntries(known.filter((line) => this.#parses('commonConfig', line, table)).map(asEntry));
  }

  #checkCommon(): void {
    const table = { ...PRODUCER_PROPERTIES, ...CONSUMER_PROPERTIES };
    for (const line of this.#common.values()) {
      if (isConnection(line.key) || Object.hasOwn(table, line.key)) continue;
      this.#isReadable('commonConfig', line, table);
    }
  }

  #own(block: 'producerConfig' | 'consumerConfig'): Settings {
    const table = block === 'producerConfig' ? PRODUCER_PROPERTIES : CONSUMER_PROPERTIES;
    const lines = [...this.#lastOfEach(block).values()].filter((line) => {
      if (!isConnection(line.key)) return this.#isReadable(block, line, table);
      this.#checkConnection(block, line);
      return false;
    });
    return Object.fromEntries(lines.map(asEntry));
  }

  #checkConnection(block: ClientBlock, { key, value }: PropertyLine): void {
    const common = this.#common.get(key)?.value;
    if (key === CLIENT_ID || value === common) return;
    this.#problems.value(
      ['driver', block, key],
      `expected the ${key} of commonConfig, found another: all clients connect alike, state it in commonConfig`,
    );
  }

  /** Whether the property is one of the table with a value that it can have; reports it otherwise. */
  #isReadable(block: PropertyBlock, line: PropertyLine, table: PropertyTable): boolean {
    const { key } = line;
    const place = ['driver', block, key];
    if (Object.hasOwn(table, key)) return this.#parses(block, line, table);
    if (block !== 'topicConfig' && OMBS_OWN.includes(key)) {
      this.#problems.warning(place, `${key} has no effect: OMB has its own`);
    } else if (block !== 'topicConfig' && WITHOUT_EFFECT.includes(key)) {
      this.#problems.warning(place, `${key} has no effect here`);
    } else if (block !== 'topicConfig' && Object.hasOwn(REFUSED, key)) {
      this.#problems.key(place, `${block}.${key} is not supported: ${REFUSED[key]}; remove it`);
    } else {
      this.#problems.key(
        place,
        `unknown property ${shownSetting(key, Object.keys(table))} in ${block}${advice(block, key, table)}`,
      );
    }
    return false;
  }

  #parses(block: PropertyBlock, { key, value }: PropertyLine, table: PropertyTable): boolean {
    const parsed = parseProperty(table[key], value.trim());
    if ('value' in parsed) return true;
    this.#problems.value(['driver', block, key], parsed.problem);
    return false;
  }

  #bootstrapServers(): string | null {
    const stated = this.#common.get(BOOTSTRAP)?.value;
    if (stated === undefined) return null;
    const servers = stated
      .split(',')
      .map((server) => server.trim())
      .filter((server) => server !== '');
    const wrong = servers.find((server) => !/^[^\s@]+:\d+$/.test(server));
    if (servers.length === 0 || wrong !== undefined) {
      this.#problems.value(
        ['driver', 'commonConfig', BOOTSTRAP],
        `expected host:port with commas between, found ${JSON.stringify((wrong ?? stated).replace(/^.*@/, '***@'))}`,
      );
    }
    return servers.join(',');
  }

  #withZone({ key, value }: PropertyLine): string {
    if (key !== CLIENT_ID || !value.includes(ZONE)) return value;
    if (this.#zone === null) {
      this.#problems.value(
        ['driver', 'commonConfig', CLIENT_ID],
        `expected a zone for ${ZONE}, which OMB takes from the system property zone.id, found none: write the zone itself`,
      );
      return value;
    }
    return value.replaceAll(ZONE, this.#zone);
  }
}

function asEntry({ key, value }: PropertyLine): [string, string] {
  return [key, value.trim()];
}

/** Where an unknown property belongs, or which one was meant. */
function advice(block: PropertyBlock, key: string, table: PropertyTable): string {
  const tables: Readonly<Record<string, PropertyTable>> = {
    topicConfig: TOPIC_PROPERTIES,
    producerConfig: PRODUCER_PROPERTIES,
    consumerConfig: CONSUMER_PROPERTIES,
  };
  const other = Object.keys(tables).find((it) => it !== block && Object.hasOwn(tables[it], key));
  if (other !== undefined) return `, it belongs under ${other}`;
  const connection = block === 'topicConfig' ? [] : CONNECTION;
  return suggestion(key, [...Object.keys(table), ...connection]);
}
