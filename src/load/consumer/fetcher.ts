/** Fetch requests of one consumer client, written straight to the brokers' connections. */
import type { ConsumerConfig } from '../../scenario/kafka-defaults.ts';
import type { BrokerLinks } from '../broker-links.ts';
import { NS_PER_MS } from '../clock.ts';
import type { ClusterMetadata } from '../cluster-metadata.ts';
import { errorName } from '../kafka-errors.ts';
import type { BrokerConnection } from '../wire/broker-connection.ts';
import { encodeFetchRequest, type FetchedFrom, readFetchResponse } from '../wire/fetch-request.ts';
import { FetchSession, FULL_REQUEST } from './fetch-sessions.ts';
import type { FetchedPartition, FetchPosition } from './fetch-transport.ts';

/** A broker that may not be sent to is looked at again after so long. */
const HELD_BACK_MS = 5;

type Done = (error: Error | null, fetched: readonly FetchedPartition[]) => void;

export interface FetcherOptions {
  readonly clientId: string;
  readonly config: ConsumerConfig;
  readonly metadata: ClusterMetadata;
  readonly links: BrokerLinks;
  readonly now: () => number;
}

export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #clientId: Buffer;
  readonly #rack: Buffer;
  readonly #sessions = new Map<number, FetchSession>();

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#clientId = Buffer.from(options.clientId);
    this.#rack = Buffer.from(options.config['client.rack']);
  }

  /** Sends one fetch, as soon as the broker has a connection that may be used. */
  fetch(broker: number, positions: readonly FetchPosition[], done: Done): void {
    const { links, now } = this.#options;
    const connection = links.usable(broker, now());
    if (connection !== null) {
      this.#send(connection, positions, done);
      return;
    }
    links.open(broker).then(
      () => {
        const opened = links.usable(broker, now());
        if (opened === null) {
          // Its quota is used up, or the library is authenticating anew.
          setTimeout(() => this.fetch(broker, positions, done), HELD_BACK_MS);
        } else {
          this.#send(opened, positions, done);
        }
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), []),
    );
  }

  #send(connection: BrokerConnection, positions: readonly FetchPosition[], done: Done): void {
    const { config, metadata, now, links } = this.#options;
    const { broker } = connection;
    const session = this.#session(broker);
    const { sessionId, sessionEpoch, partitions, forgotten } = session.request(
      positions.map(({ topic, partition, offset }) => {
        const known = metadata.topic(topic);
        return {
          topicId: known.id,
          partition,
          offset,
          leaderEpoch: known.leaderEpochs[partition] ?? -1,
        };
      }),
    );
    const frame = encodeFetchRequest(
      {
        version: metadata.version('Fetch'),
        correlationId: connection.nextCorrelationId(),
        clientId: this.#clientId,
      },
      {
        maxWaitMs: config['fetch.max.wait.ms'],
        minBytes: config['fetch.min.bytes'],
        maxBytes: config['fetch.max.bytes'],
        partitionMaxBytes: config['max.partition.fetch.bytes'],
        readCommitted: config['isolation.level'] === 'read_committed',
        rack: this.#rack,
        sessionId,
        sessionEpoch,
      },
      partitions,
      forgotten,
    );
    const timeoutMs = Math.max(config['request.timeout.ms'], config['fetch.max.wait.ms'] + 1000);
    const deadlineNs = now() + timeoutMs * NS_PER_MS;
    connection.send(
      [frame],
      {
        answered: (bytes, start, end) => {
          const response = readFetchResponse(bytes, start, end);
          if (response.throttleTimeMs > 0) {
            links.throttle(broker, now() + response.throttleTimeMs * NS_PER_MS);
          }
          if (response.errorCode !== 0) {
            session.reset();
            // A broker keeps so many sessions and forgets others: all is asked for anew then.
            if (sessionEpoch !== FULL_REQUEST) {
              this.fetch(broker, positions, done);
              return;
            }
            done(new Error(`a fetch was answered with ${errorName(response.errorCode)}`), []);
            return;
          }
          session.answered(response.sessionId);
          done(
            null,
            response.partitions.flatMap((one) => this.#fetched(one, bytes)),
          );
        },
        failed: (error) => {
          session.reset();
          done(error, []);
        },
      },
      deadlineNs,
    );
  }

  #fetched(from: FetchedFrom, bytes: Buffer): FetchedPartition[] {
    const { metadata } = this.#options;
    const topic = metadata.topicName(from.topicId);
    if (topic === null) {
      return [];
    }
    if (from.errorCode !== 0 && from.currentLeader !== null) {
      metadata.setLeader(topic, from.partition, from.currentLeader);
    }
    return [
      {
        topic,
        partition: from.partition,
        highWatermark: from.highWatermark,
        error: from.errorCode === 0 ? null : errorName(from.errorCode),
        preferredReadReplica: from.preferredReadReplica,
        bytes,
        start: from.recordsAt,
        end: from.recordsEnd,
      },
    ];
  }

  #session(broker: number): FetchSession {
    const known = this.#sessions.get(broker);
    if (known !== undefined) {
      return known;
    }
    const session = new FetchSession();
    this.#sessions.set(broker, session);
    return session;
  }
}
