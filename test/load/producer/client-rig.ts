/** A producer client with brokers that answer when the test says so, and a clock that the test sets. */
import assert from 'node:assert/strict';
import { type ClientCaps, NO_CAPS } from '../../../src/load/caps.ts';
import { Allowance } from '../../../src/load/producer/allowance.ts';
import { type Destinations, TopicsInTurn } from '../../../src/load/producer/destinations.ts';
import { ProducerClient } from '../../../src/load/producer/producer-client.ts';
import type { ProducerObserver } from '../../../src/load/producer/producer-observer.ts';
import { RecordSource } from '../../../src/load/producer/record-source.ts';
import { randomStream } from '../../../src/load/random.ts';
import { createSchedule } from '../../../src/load/schedule.ts';
import {
  Disconnected,
  RequestTimedOut,
  type ResponseListener,
} from '../../../src/load/wire/broker-connection.ts';
import { type ProducerConfig, producerConfig } from '../../../src/scenario/kafka-defaults.ts';
import { exampleProducer } from '../example-scenario.ts';
import {
  type Answer,
  makings,
  produceResponse,
  readProduceRequest,
  type SentRequest,
} from './produce-support.ts';

const MS = 1e6;

export interface Request extends SentRequest {
  readonly broker: number;
  readonly listener: ResponseListener | null;
  readonly written: ((error: Error | null) => void) | undefined;
}

export interface RigOptions {
  /** By partition of the only topic. */
  readonly leaders?: number[];
  readonly valueBytes?: number;
  readonly destinations?: Destinations;
  readonly caps?: ClientCaps;
}

export async function rig(
  config: Partial<ProducerConfig>,
  recordsPerSecond: number | 'max',
  {
    leaders = [1, 1],
    valueBytes = 200,
    destinations = new TopicsInTurn(1, 0),
    caps = NO_CAPS,
  }: RigOptions = {},
) {
  const requests: Request[] = [];
  const clock = { nowNs: 0 };
  const offered: number[] = [];
  const lateness: number[] = [];
  const latencies: number[] = [];
  const reasons: string[] = [];
  const seen = {
    made: 0,
    withdrawn: 0,
    starved: 0,
    failed: 0,
    mayBeWritten: 0,
    acknowledged: 0,
    sent: 0,
    refreshed: 0,
  };
  const usable = new Map<number, boolean>();
  const throttledUntilNs = new Map<number, number>();
  let correlationId = 0;
  const observer: ProducerObserver = {
    offered(dueNs, atNs) {
      offered.push(dueNs);
      lateness.push(atNs - dueNs);
    },
    withdrawn: () => {
      seen.withdrawn++;
    },
    answered: (starved) => {
      seen.starved += starved ? 1 : 0;
    },
    made: (records) => {
      seen.made += records;
    },
    steady: () => undefined,
    sent: () => {
      seen.sent++;
    },
    responded: () => undefined,
    acknowledged(batch, _baseOffset, atNs) {
      seen.acknowledged += batch.records;
      for (const dueNs of batch.dueNs.subarray(0, batch.records)) {
        latencies.push(atNs - dueNs);
      }
    },
    retried: (_batch, reason) => reasons.push(reason),
    split: (_batch, reason) => reasons.push(`${reason} (split)`),
    failed(batch, reason, mayBeWritten) {
      seen.failed += batch.records;
      seen.mayBeWritten += mayBeWritten ? batch.records : 0;
      reasons.push(reason);
    },
  };
  const producer = exampleProducer({
    config: producerConfig({ 'enable.idempotence': false, acks: '1', ...config }),
    record: { value: { kind: 'constant', bytes: valueBytes }, key: null, headersBytes: 0 },
  });
  const client: ProducerClient = new ProducerClient({
    clientId: 'checkout-0',
    config: producer.config,
    topics: [{ name: 'orders', partitions: leaders.length }],
    destinations,
    records: new RecordSource(producer, 'rig'),
    recordsMax: Number.POSITIVE_INFINITY,
    warmupRecords: 0,
    allowance: new Allowance(caps),
    stamper: null,
    transactions: null,
    makings: makings(config),
    random: randomStream('rig'),
    metadata: {
      topic: () => ({ id: '', leaders, leaderEpochs: leaders.map(() => 0) }),
      setLeader(_topic, partition, leader) {
        leaders[partition] = leader.broker;
        client.leadersChanged();
      },
      async refresh() {
        seen.refreshed++;
      },
      version: () => 11,
      initProducerId: async () => ({ producerId: 5n, epoch: 0 }),
    },
    links: {
      open: async () => undefined,
      throttle: (broker, untilNs) => throttledUntilNs.set(broker, untilNs),
      wakeNs: () => Math.min(...throttledUntilNs.values()),
      expire: () => undefined,
      close: () => undefined,
      usable: (broker, nowNs) =>
        usable.get(broker) === false || nowNs < (throttledUntilNs.get(broker) ?? 0)
          ? null
          : {
              broker,
              nextCorrelationId: () => ++correlationId,
              send(parts, listener, _deadlineNs, written) {
                const request = readProduceRequest(parts);
                assert.equal(request.correlationId, correlationId);
                requests.push({ ...request, broker, listener, written });
              },
            },
    },
    observer,
    now: () => clock.nowNs,
    onWork: () => undefined,
  });
  await client.connect();
  const schedule = () =>
    createSchedule({
      rate: { kind: 'constant', recordsPerSecond: Number(recordsPerSecond) },
      load: 1,
      startNs: 0,
      warmupNs: 0,
      stream: 'rig',
      client: 0,
      clients: 1,
    });
  const cursors = recordsPerSecond === 'max' ? null : { offer: schedule(), enter: schedule() };
  const shift = (): Request => {
    const request = requests.shift();
    assert.ok(request !== undefined, 'no request is in flight');
    return request;
  };
  return {
    requests,
    offered,
    lateness,
    latencies,
    reasons,
    seen,
    usable,
    leaders,
    client,
    start: (endNs: number) => client.start(cursors, endNs),
    tick(atMs: number) {
      clock.nowNs = atMs * MS;
      client.tick(clock.nowNs);
    },
    /** Answers the oldest request: all of its partitions alike. */
    answer(atMs: number, how: Partial<Answer> & { readonly throttleMs?: number } = {}) {
      clock.nowNs = atMs * MS;
      const { batches, listener } = shift();
      const { throttleMs, ...answer } = how;
      const response = produceResponse(
        batches.map(({ topic, partition }) => ({ topic, partition, ...answer })),
        throttleMs,
      );
      listener?.answered(response, 0, response.length);
    },
    answerAs(atMs: number, answers: readonly Answer[]) {
      clock.nowNs = atMs * MS;
      const response = produceResponse(answers);
      shift().listener?.answered(response, 0, response.length);
    },
    lose(atMs: number, how: 'disconnected' | 'timed out' = 'disconnected') {
      clock.nowNs = atMs * MS;
      const error = how === 'disconnected' ? new Disconnected('test') : new RequestTimedOut('test');
      shift().listener?.failed(error);
    },
    written(atMs: number, error: Error | null = null) {
      clock.nowNs = atMs * MS;
      shift().written?.(error);
    },
  };
}
