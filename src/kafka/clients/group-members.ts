/**
 * What the members of consumer groups ask of their coordinator: commits of their offsets, and heartbeats.
 *
 * What:    every auto.commit.interval.ms a member commits by one OffsetCommit request to its group's coordinator, which
 *          appends a record for each offset to the group's partition of __consumer_offsets and answers when all in-sync
 *          replicas have it. Our own consumers commit what has moved since their last commit, and nothing while one is
 *          under way; Java consumers commit the offsets of all their partitions every time. Heartbeats come every
 *          heartbeat.interval.ms (classic protocol) or group.consumer.heartbeat.interval.ms (KIP-848) and touch no log.
 * Formula: coordinator = leader of partition abs(hash(group id)) mod offsets.topic.num.partitions
 *          request = header + offsets * bytes of one;  batch = 61 + offsets * bytes of a record  (lay-out-groups.ts)
 *          CPU of the member: perRequest, as of a fetch (consumers.ts); of the broker: request-handlers.ts
 * Units:   bytes, ns.
 * Source:  GroupMetadataManager.partitionFor, ConsumerCoordinator.autoCommitOffsetsAsync (allConsumed), our own generator in
 *          src/load/consumer-client.ts; OffsetCommitRequest.json, OffsetCommitKey.json, OffsetCommitValue.json.
 * Range:   groups already assigned: no join, sync or rebalance, nor when brokers fail: the new coordinator is found at the next beat. The members of a group have joined together, so their
 *          clocks agree; the group's phase is drawn. Kafka 4's coordinator puts commits that come together into one batch.
 * Error:   unvalidated.
 * Test:    test/kafka/group-members.test.ts.
 */

import type { Int32Column, Uint8Column } from '../../kernel/columns.ts';
import { BATCH_OVERHEAD_BYTES } from '../../scenario/record-format.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE, REQUEST } from '../requests.ts';

const HEARTBEAT_RESPONSE_BYTES = 64;
const SENDS = 0;
const RECEIVES = 1;

/** One consumer as a member of its group. */
export interface GroupMember {
  /** Its number among the consumers. */
  readonly client: number;
  readonly entity: number;
  /** By broker: to the group's coordinator, and to those that may come to be it; NONE to others. */
  readonly connectionOf: Int32Array;
  /** Of __consumer_offsets, where the group's offsets are kept. */
  readonly offsetsPartition: number;
  /** First of its partitions among those of all members, which are in the order of its sessions. */
  readonly firstPosition: number;
  /** How many partitions it reads. */
  readonly positions: number;
  /** Null without auto-commit. */
  readonly commitNs: number | null;
  /** Whether it commits every offset, moved or not. */
  readonly commitsAll: boolean;
  readonly heartbeatNs: number;
  readonly heartbeatType: number;
  /** Share of its intervals after which it begins. */
  readonly phase: number;
  readonly commitBytes: number;
  /** More for each offset. */
  readonly offsetBytes: number;
  readonly heartbeatBytes: number;
  /** Of an offset in __consumer_offsets. */
  readonly recordBytes: number;
}

/** Whether a job of a member sends its request, and does not take its response. */
export function isSending(job: number): boolean {
  return (job & 1) === SENDS;
}

export class GroupMembers {
  readonly #model: ClusterModel;
  readonly #members: readonly GroupMember[];
  /** Per partition of a member: the offset that it committed last, its low 32 bits; NONE before the first. */
  readonly #committed: Int32Column;
  readonly #committing: Uint8Column;

  constructor(model: ClusterModel, members: readonly GroupMember[]) {
    this.#model = model;
    this.#members = members;
    const { columns } = model.sim;
    const positions = members.reduce((sum, member) => sum + member.positions, 0);
    this.#committed = columns.int32('members/committed', positions);
    this.#committed.data.fill(NONE);
    this.#committing = columns.uint8('members/committing', members.length);
  }

  /** Starts the members' clocks. */
  start(): void {
    this.#members.forEach(({ entity, phase, commitNs, heartbeatNs }, index) => {
      const { sim } = this.#model;
      if (commitNs !== null) sim.schedule(Math.round(phase * commitNs), entity, KIND.memberCommits, index);
      sim.schedule(Math.round(phase * heartbeatNs), entity, KIND.memberHeartbeats, index);
    });
  }

  /** A member's commit is due. */
  commit(index: number): void {
    const { sim, batches, requests, consumers } = this.#model;
    const member = this.#members[index];
    if (member.commitNs !== null) sim.schedule(member.commitNs, member.entity, KIND.memberCommits, index);
    const connection = this.#toCoordinator(member);
    if (connection === NONE || this.#committing.data[index] === 1) return;
    const offsets = this.#noteOffsets(member);
    if (offsets === 0) return;
    this.#committing.data[index] = 1;
    const batch = batches.create(member.offsetsPartition, sim.nowNs);
    batches.open.data[batch] = 0;
    batches.records.data[batch] = offsets;
    batches.bytes.data[batch] = BATCH_OVERHEAD_BYTES + offsets * member.recordBytes;
    const request = requests.open(REQUEST.offsetCommit, connection, index);
    requests.bytesIn.data[request] = member.commitBytes + offsets * member.offsetBytes;
    requests.records.data[request] = offsets;
    requests.batches.data[request] = 1;
    requests.firstBatch.data[request] = batch;
    consumers.memberJob(member.client, request * 2 + SENDS);
  }

  /** A member's heartbeat is due. */
  heartbeat(index: number): void {
    const { sim, requests, consumers } = this.#model;
    const member = this.#members[index];
    sim.schedule(member.heartbeatNs, member.entity, KIND.memberHeartbeats, index);
    const connection = this.#toCoordinator(member);
    if (connection === NONE) return;
    const request = requests.open(member.heartbeatType, connection, index);
    requests.bytesIn.data[request] = member.heartbeatBytes;
    requests.bytesOut.data[request] = HEARTBEAT_RESPONSE_BYTES;
    consumers.memberJob(member.client, request * 2 + SENDS);
  }

  responseArrives(request: number): void {
    const { client } = this.#members[this.#model.requests.owner.data[request]];
    this.#model.consumers.memberJob(client, request * 2 + RECEIVES);
  }

  /** The consumer's thread has done a member's job. */
  jobDone(job: number): void {
    const request = job >> 1;
    if (!isSending(job)) this.#answered(request);
    else if (this.#isReachable(request)) this.#model.sockets.sendRequest(request);
    else this.lost(request);
  }

  /** A request will not be answered: its connection is broken. What it would have committed is committed with the next. */
  lost(request: number): void {
    const { requests, replicas } = this.#model;
    const { firstPosition, positions } = this.#members[requests.owner.data[request]];
    replicas.forgetWaiting(request);
    this.#committed.data.fill(NONE, firstPosition, firstPosition + positions);
    this.#answered(request);
  }

  #answered(request: number): void {
    const { requests, replicas } = this.#model;
    const batch = requests.firstBatch.data[request];
    if (batch !== NONE) {
      this.#committing.data[requests.owner.data[request]] = 0;
      replicas.release(batch);
    }
    requests.close(request);
  }

  /** Where a member finds its coordinator now; NONE: nowhere, so that it lets this time pass. */
  #toCoordinator({ connectionOf, offsetsPartition }: GroupMember): number {
    const { failures, lives } = this.#model;
    const leader = failures.leadership.leader(offsetsPartition);
    return leader === NONE || !lives.isUp(leader) ? NONE : connectionOf[leader];
  }

  #isReachable(request: number): boolean {
    const { lives, sockets } = this.#model;
    return lives.isUp(sockets.brokerIndexOf(request));
  }

  /** Notes where the member is in its partitions; returns how many offsets it commits. */
  #noteOffsets(member: GroupMember): number {
    const { replicas, parts } = this.#model;
    const committed = this.#committed.data;
    let at = member.firstPosition;
    let moved = 0;
    for (const session of parts.consumerClients[member.client].sessions) {
      for (const partition of replicas.session(session).partitions) {
        const position = replicas.position(member.client, partition) | 0;
        if (committed[at] !== position) moved += 1;
        committed[at] = position;
        at += 1;
      }
    }
    return member.commitsAll ? member.positions : moved;
  }
}
