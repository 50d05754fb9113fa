/** Who refreshes metadata, and the sizes of what is asked and told (Metadata 12). */
import { NS_PER_MS } from '../../kernel/time.ts';
import type { MetadataReaders } from '../clients/metadata-refresh.ts';
import type { UpkeepInput } from './lay-out-upkeep.ts';
import type { Topology } from './topology.ts';

/** Size, API key, version, correlation id, length of the client id, tags; then topics, two flags, tags. */
const REQUEST_BYTES = 20;
const TOPIC_REQUEST_BYTES = 19;
/** Headers, throttle time, cluster id, controller, tags. */
const RESPONSE_BYTES = 44;
const BROKER_BYTES = 11;
const TOPIC_RESPONSE_BYTES = 27;
const PARTITION_BYTES = 18;
/** In the lists of replicas and of those in sync. */
const REPLICA_BYTES = 8;

interface MetadataClient {
  readonly name: string;
  readonly entity: number;
  readonly ageMs: number;
  /** By number. */
  readonly topics: readonly number[];
  readonly connections: readonly number[];
}

/** Clients of one class on one thread share a timer. */
export function layOutMetadata(input: UpkeepInput): MetadataReaders[] {
  const { sim, topology, producers, consumers, sessions, entities } = input;
  const classes = new Map<string, MetadataClient[]>();
  const add = (key: string, client: MetadataClient): void => {
    if (client.connections.length === 0) return;
    const known = classes.get(key);
    if (known === undefined) classes.set(key, [client]);
    else known.push(client);
  };
  topology.producers.forEach(({ classIndex, thread, name, topics, config }, index) => {
    add(`producers/${thread}/${classIndex < 0 ? name : classIndex}`, {
      name,
      entity: entities[thread],
      ageMs: config['metadata.max.age.ms'],
      topics,
      connections: producers[index].links.map(({ connection }) => connection),
    });
  });
  topology.consumers.forEach(({ classIndex, thread, name, partitions, config }, index) => {
    add(`consumers/${thread}/${classIndex < 0 ? name : classIndex}`, {
      name,
      entity: entities[thread],
      ageMs: config['metadata.max.age.ms'],
      topics: [...new Set(partitions.map((partition) => topology.partitions.topic(partition)))],
      connections: consumers[index].sessions.map((session) => sessions[session].connection),
    });
  });
  return [...classes].map(([key, of]): MetadataReaders => {
    const [{ entity, ageMs, topics, name }] = of;
    return {
      entity,
      connections: of.map(({ connections }) => connections),
      // Kafka takes 0 as often as it can; so does this.
      ageNs: Math.max(1, ageMs) * NS_PER_MS,
      phase: sim.random.uniform(sim.random.stream(`metadata/${key}/phase`)),
      ...sizes(topology, topics, name),
    };
  });
}

function sizes(
  topology: Topology,
  topics: readonly number[],
  clientId: string,
): Pick<MetadataReaders, 'requestBytes' | 'responseBytes'> {
  let requestBytes = REQUEST_BYTES + clientId.length;
  let responseBytes = RESPONSE_BYTES;
  for (const { host } of topology.brokers) responseBytes += topology.hosts[host].name.length + BROKER_BYTES;
  for (const topic of topics) {
    const { name, class: of } = topology.topics[topic];
    requestBytes += name.length + TOPIC_REQUEST_BYTES;
    responseBytes += name.length + TOPIC_RESPONSE_BYTES;
    responseBytes += of.partitions * (PARTITION_BYTES + REPLICA_BYTES * of.replicationFactor);
  }
  return { requestBytes, responseBytes };
}
