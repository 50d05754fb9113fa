/** A consumer thread: its members join their groups, and read until the main thread says stop. */
import type { ConsumerClass } from '../../scenario/scenario.ts';
import { topicsOf } from '../../scenario/topic-names.ts';
import { type LibraryAccess, libraryAccess } from '../access/library-access.ts';
import { BrokerLinks } from '../broker-links.ts';
import { NS_PER_MS, nowNs } from '../clock.ts';
import type { ClusterMetadata } from '../cluster-metadata.ts';
import { NOTHING } from '../interval.ts';
import { MeasuredUsage } from '../measured-usage.ts';
import type { Times, ToWorker, WorkerPlan } from '../messages.ts';
import { randomStream } from '../random.ts';
import type { StreamPlan } from '../verify/streams.ts';
import { streamPlanOf } from '../verify/verification.ts';
import { workerMetadata } from '../worker-metadata.ts';
import { ErrorCounts, post, runWorker } from '../worker-thread.ts';
import { ConsumerClient } from './consumer-client.ts';
import { ConsumerProof } from './consumer-proof.ts';
import { ConsumerClassRecorder } from './consumer-recorder.ts';
import type { FetchTransport, TopicPartition } from './fetch-transport.ts';
import { Fetcher } from './fetcher.ts';
import { createGroupMembership } from './group-membership.ts';

const REPORT_MS = 100;
/** Lag is greatest at the end of a pause. */
const LAST_LOOK_NS = 50 * NS_PER_MS;

class ConsumerWorker {
  readonly #plan: WorkerPlan;
  readonly #recorders = new Map<number, ConsumerClassRecorder>();
  readonly #clients: ConsumerClient[];
  readonly #usage = new MeasuredUsage();
  readonly #errors: ErrorCounts;
  readonly #members: { readonly group: string; partitions: number | null }[] = [];
  readonly #access: LibraryAccess;
  readonly #metadata: ClusterMetadata;
  readonly #links: BrokerLinks[] = [];
  /** Of a verified run. */
  readonly #streams: StreamPlan | null;
  /** By group. */
  readonly #proofs = new Map<string, ConsumerProof>();
  #ends: readonly (number | null)[] | null = null;
  #stopping = false;

  constructor(plan: WorkerPlan) {
    const { scenario, target } = plan;
    this.#plan = plan;
    this.#errors = new ErrorCounts(target.access);
    this.#access = libraryAccess(target.access, target.bootstrapServers);
    this.#streams = plan.verifyRun === null ? null : streamPlanOf(scenario);
    const classes = [...new Set(plan.thread.clients.map(({ classIndex }) => classIndex))].map(
      (index) => scenario.consumers[index],
    );
    this.#metadata = workerMetadata(plan, this.#access, classes);
    this.#clients = plan.thread.clients.map(({ classIndex, client: number }) => {
      const consumer = scenario.consumers[classIndex];
      const recorder =
        this.#recorders.get(classIndex) ??
        new ConsumerClassRecorder(
          this.#errors,
          this.#proofOf(consumer),
          Object.keys(plan.beginnings).length === 0 ? null : this.#begin,
        );
      this.#recorders.set(classIndex, recorder);
      return this.#createClient(consumer, number, recorder);
    });
  }

  async join(): Promise<void> {
    await this.#metadata.refresh();
    this.#metadata.version('Fetch');
    await Promise.all(this.#clients.map((client) => client.join()));
  }

  onMessage(message: ToWorker): void {
    if (message.kind === 'start') {
      this.#start(message.times);
    } else if (message.kind === 'drain') {
      this.#ends = message.ends;
    } else if (!this.#stopping) {
      this.#stopping = true;
      this.#finish();
    }
  }

  #createClient(consumer: ConsumerClass, number: number, recorder: ConsumerClassRecorder): ConsumerClient {
    const member: { readonly group: string; partitions: number | null } = {
      group: consumer.group,
      partitions: null,
    };
    this.#members.push(member);
    const client: ConsumerClient = new ConsumerClient({
      consumer,
      now: nowNs,
      observer: recorder.forClient(
        () => client.lag,
        (partitions) => {
          member.partitions = partitions;
          post({ kind: 'assigned', members: this.#members });
        },
      ),
      transport: this.#createTransport(consumer, `${consumer.name}-${number}`),
    });
    // What was there before is read by the load, not while it is waited for.
    if (readsEarlier(this.#plan, consumer)) {
      client.pause();
    }
    return client;
  }

  /** Where the records of this run begin in a partition. */
  readonly #begin = ({ topic, partition }: TopicPartition): number =>
    this.#plan.beginnings[topic]?.[partition] ?? 0;

  #proofOf({ group }: ConsumerClass): ConsumerProof | null {
    const { verifyRun } = this.#plan;
    if (verifyRun === null || this.#streams === null) {
      return null;
    }
    const proof = this.#proofs.get(group) ?? new ConsumerProof(verifyRun, this.#streams, this.#begin);
    this.#proofs.set(group, proof);
    return proof;
  }

  #isDrained(): boolean {
    const [ends, streams] = [this.#ends, this.#streams];
    if (ends === null || streams === null) {
      return false;
    }
    const end = ({ topic, partition }: TopicPartition) =>
      ends[streams.partitionNumber(topic, partition)] ?? 0;
    return this.#clients.every((client) => client.isAt(end));
  }

  #createTransport(consumer: ConsumerClass, clientId: string): FetchTransport {
    const { config, group } = consumer;
    const { scenario } = this.#plan;
    const { bootstrapServers } = this.#plan.target;
    const metadata = this.#metadata;
    const topics = topicsOf(scenario.topics, consumer.topics).map(({ name }) => name);
    const membership = createGroupMembership({
      clientId,
      bootstrapServers,
      access: this.#access,
      group,
      topics,
      config,
      begin: config['auto.offset.reset'] === 'earliest' ? () => 0 : this.#begin,
    });
    // Fetches wait at the broker: on connections of their own they do not hold up the group's requests.
    const links = new BrokerLinks({
      clientId,
      config,
      metadata,
      access: this.#access,
      random: randomStream(`${scenario.run.seed}/load/${clientId}/back-off`),
      now: nowNs,
      onUsable: () => undefined,
      // The fetch that is under way tells of it, or the one that waits for the connection.
      onTrouble: () => undefined,
    });
    this.#links.push(links);
    const fetcher = new Fetcher({ clientId, config, metadata, links, now: nowNs });
    return {
      ...membership,
      leader: ({ topic, partition }) => metadata.topic(topic).leaders[partition] ?? -1,
      refreshLeaders: () => metadata.refresh(),
      fetch: (broker, positions, done) => fetcher.fetch(broker, positions, done),
      async close() {
        links.close();
        await membership.close();
      },
    };
  }

  #start(times: Times): void {
    for (const [place, client] of this.#clients.entries()) {
      client.resume();
      const { classIndex } = this.#plan.thread.clients[place];
      playPauses(client, this.#plan.scenario.consumers[classIndex], times);
    }
    for (const recorder of this.#recorders.values()) {
      recorder.start(times);
    }
    at(times.warmNs, () => this.#usage.begin());
    at(times.endNs, () => {
      this.#usage.end();
      for (const recorder of this.#recorders.values()) {
        recorder.measuredPartEnded();
      }
    });
    setInterval(() => this.#report(), REPORT_MS);
  }

  #report(): void {
    const now = nowNs();
    for (const links of this.#links) {
      links.expire(now);
    }
    this.#metadata.refreshIfOld();
    post({
      kind: 'progress',
      progress: {
        records: Object.fromEntries(
          [...this.#recorders].map(([index, recorder]) => [index, recorder.records]),
        ),
        acknowledged: NOTHING,
        drained: this.#isDrained(),
        spent: false,
        p99Ms: null,
      },
    });
  }

  #finish(): void {
    const usage = this.#usage.end();
    for (const recorder of this.#recorders.values()) {
      recorder.measuredPartEnded();
    }
    const tell = () =>
      post({
        kind: 'result',
        result: {
          name: this.#plan.name,
          role: 'consumers',
          classes: [...this.#recorders].map(([classIndex, recorder]) => recorder.recording(classIndex)),
          lateness: null,
          ...usage,
          stalls: null,
          unwrittenBytesMax: 0,
          bytesMade: 0,
          errors: this.#errors.counts,
          produced: null,
          consumed: Object.fromEntries([...this.#proofs].map(([group, proof]) => [group, proof.data()])),
        },
      });
    Promise.all([...this.#clients.map((client) => client.close()), this.#metadata.close()]).then(
      tell,
      (error: unknown) => {
        // The figures are whole; that a group was not left in good order is told with the other errors.
        this.#errors.add(error instanceof Error ? error : new Error(String(error)));
        tell();
      },
    );
  }
}

/** Whether its members read what topics held before the run. */
function readsEarlier({ scenario, beginnings }: WorkerPlan, { config, topics }: ConsumerClass): boolean {
  const names = topicsOf(scenario.topics, topics).map(({ name }) => name);
  return config['auto.offset.reset'] === 'earliest' && names.some((name) => Object.hasOwn(beginnings, name));
}

/** A pause ends with the measured part at the latest, so that what was acknowledged can be read to its end. */
function playPauses(client: ConsumerClient, { pauses = [] }: ConsumerClass, { warmNs, endNs }: Times): void {
  for (const { atMs, durationMs } of pauses) {
    const fromNs = warmNs + atMs * NS_PER_MS;
    if (fromNs < endNs) {
      at(fromNs, () => client.pause());
      const toNs = Math.min(fromNs + durationMs * NS_PER_MS, endNs);
      at(toNs - LAST_LOOK_NS, () => client.lookAtLag());
      at(toNs, () => client.resume());
    }
  }
}

function at(timeNs: number, action: () => void): void {
  setTimeout(action, Math.max(0, (timeNs - nowNs()) / 1e6));
}

runWorker(async (plan) => {
  const worker = new ConsumerWorker(plan);
  await worker.join();
  return (message: ToWorker) => worker.onMessage(message);
});
