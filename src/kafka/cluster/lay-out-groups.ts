/**
 * The members of a cluster's consumer groups: their coordinators, clocks, and the sizes of what they send, by Kafka's
 * message formats (OffsetCommit 9, Heartbeat 4, ConsumerGroupHeartbeat 0; OffsetCommitKey 1, OffsetCommitValue 3).
 */
import { NS_PER_MS } from '../../kernel/time.ts';
import { recordBytes } from '../../scenario/record-format.ts';
import type { GroupMember } from '../clients/group-members.ts';
import { NONE, REQUEST } from '../requests.ts';
import { javaHash, partitionOfHash } from './java-hash.ts';
import type { UpkeepInput } from './lay-out-upkeep.ts';
import type { Topology } from './topology.ts';

/** Size, API key, version, correlation id, length of the client id, tags. */
const REQUEST_HEADER_BYTES = 15;
/** A member id is the client's id and a UUID. */
const MEMBER_ID_BYTES = 37;
/** Lengths of the strings, generation, no instance id, tags. */
const MEMBER_BYTES = 8;
/** What a KIP-848 heartbeat says of its member when nothing has changed: nulls, and a rebalance timeout. */
const UNCHANGED_BYTES = 10;
const OFFSET_BYTES = 18;
const TOPIC_BYTES = 4;
const OFFSET_KEY_BYTES = 10;
const OFFSET_VALUE_BYTES = 24;

/** Empty where the topology has no topic of offsets. */
export function layOutGroups(input: UpkeepInput): GroupMember[] {
  const { topology, consumers, sessions, entities } = input;
  const { offsets } = topology;
  if (offsets === null) return [];
  const phases = new Map<string, number>();
  let firstPosition = 0;
  return topology.consumers.map((layout, client): GroupMember => {
    const { config, group, name, thread } = layout;
    const entity = entities[thread];
    const offsetsPartition =
      offsets.firstPartition + partitionOfHash(javaHash(group), offsets.class.partitions);
    const read = consumers[client].sessions.flatMap((session) => [...sessions[session].partitions]);
    const first = firstPosition;
    firstPosition += read.length;
    const isClassic = config['group.protocol'] === 'classic';
    const fixedBytes = REQUEST_HEADER_BYTES + 2 * name.length + group.length + MEMBER_ID_BYTES + MEMBER_BYTES;
    return {
      client,
      entity,
      connectionOf: connectionsTo(input, offsetsPartition, client),
      offsetsPartition,
      firstPosition: first,
      positions: read.length,
      commitNs: config['enable.auto.commit'] ? atLeastOneMs(config['auto.commit.interval.ms']) : null,
      commitsAll: topology.clientThreads[thread].client === 'java',
      heartbeatNs: atLeastOneMs(
        isClassic
          ? config['heartbeat.interval.ms']
          : topology.cluster.brokers.config['group.consumer.heartbeat.interval.ms'],
      ),
      heartbeatType: isClassic ? REQUEST.heartbeat : REQUEST.consumerGroupHeartbeat,
      phase: phaseOf(input, group, phases),
      commitBytes: fixedBytes + 1,
      heartbeatBytes: fixedBytes + (isClassic ? 0 : UNCHANGED_BYTES),
      ...offsetSizes(topology, group, read),
    };
  });
}

/** By broker. Where leaders may change, to every replica of the group's offsets. */
function connectionsTo(
  { topology, leadersChange, connect }: UpkeepInput,
  offsetsPartition: number,
  consumer: number,
): Int32Array {
  const { brokers, partitions } = topology;
  const connectionOf = new Int32Array(brokers.length).fill(NONE);
  const replicas = leadersChange ? partitions.replicas(offsetsPartition) : 1;
  for (let replica = 0; replica < replicas; replica += 1) {
    const broker = partitions.replica(offsetsPartition, replica);
    connectionOf[broker] = connect(broker, consumer);
  }
  return connectionOf;
}

/** An interval of 0 is as often as a timer fires, as in our generator. */
function atLeastOneMs(ms: number): number {
  return Math.max(1, ms) * NS_PER_MS;
}

/** One for each group: its members begin together. */
function phaseOf({ sim }: UpkeepInput, group: string, known: Map<string, number>): number {
  const found = known.get(group);
  if (found !== undefined) return found;
  const phase = sim.random.uniform(sim.random.stream(`group/${group}/phase`));
  known.set(group, phase);
  return phase;
}

/** Mean bytes of an offset in a request, with its part of the topics' names, and in the log. */
function offsetSizes(
  { topics, partitions }: Topology,
  group: string,
  read: readonly number[],
): Pick<GroupMember, 'offsetBytes' | 'recordBytes'> {
  const names = read.map((partition) => topics[partitions.topic(partition)].name);
  const topicBytes = [...new Set(names)].reduce((sum, name) => sum + name.length + TOPIC_BYTES, 0);
  const records = names.reduce((sum, name) => {
    const keyBytes = OFFSET_KEY_BYTES + group.length + name.length;
    return sum + recordBytes({ keyBytes, valueBytes: OFFSET_VALUE_BYTES, headersBytes: 1 }, 0);
  }, 0);
  const count = Math.max(1, read.length);
  return { offsetBytes: OFFSET_BYTES + topicBytes / count, recordBytes: records / count };
}
