/**
 * What one worker thread knows of the cluster: brokers, leaders, ids of topics. All clients of the thread share it: where each
 * of a thousand clients would ask, the thread asks once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  apiVersionsV3,
  Connection,
  FindCoordinatorKeyTypes,
  findCoordinatorV4,
  findErrorBy,
  initProducerIdV4,
  metadataV12,
  ResponseError,
} from '@platformatic/kafka';
import { version } from '../package.ts';
import type { LibraryAccess } from './access/library-access.ts';
import { type ApiRange, type SpokenApi, versionWith } from './api-versions.ts';

type MetadataResponse = Awaited<ReturnType<typeof metadataV12.api.async>>;

const CLIENT_SOFTWARE = 'brokertwin';
const ID_DEADLINE_MS = 60_000;

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface TopicMetadata {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** By partition; -1 for none. */
  readonly leaders: readonly number[];
  /** By partition. */
  readonly leaderEpochs: readonly number[];
}

export interface ClusterMetadataOptions {
  /** Brokers to begin with: host:port, separated by commas. */
  readonly bootstrapServers: string;
  readonly access: LibraryAccess;
  readonly clientId: string;
  readonly topics: readonly string[];
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** At least so long between two requests. */
  readonly refreshBackoffMs: number;
  /** `metadata.max.age.ms`. */
  readonly maxAgeMs: number;
}

export class ClusterMetadata {
  readonly #options: ClusterMetadataOptions;
  readonly #listeners: (() => void)[] = [];
  #brokers = new Map<number, BrokerAddress>();
  #topics = new Map<string, TopicMetadata>();
  /** By the topics' ids. */
  readonly #names = new Map<string, string>();
  #apiRanges: readonly ApiRange[] = [];
  #connection: Connection | null = null;
  #connecting: Promise<Connection> | null = null;
  #refreshing: Promise<void> | null = null;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #nextAddress = 0;
  #closed = false;

  constructor(options: ClusterMetadataOptions) {
    this.#options = options;
  }

  /** Null when the cluster does not tell of it at the moment. */
  address(broker: number): BrokerAddress | null {
    return this.#brokers.get(broker) ?? null;
  }

  /**
   * The version of a request to speak with this cluster, which was reached before.
   *
   * @throws UserError (exit 3) when there is none
   */
  version(api: SpokenApi): number {
    return versionWith(this.#apiRanges, api, this.#options.bootstrapServers);
  }

  /** Without partitions, and so without leaders, when the cluster has not told of it. */
  topic(name: string): TopicMetadata {
    return this.#topics.get(name) ?? { id: '', leaders: [], leaderEpochs: [] };
  }

  /** The topic that has this id now, or had it; null when the cluster has not told of it. */
  topicName(id: string): string | null {
    return this.#names.get(id) ?? null;
  }

  /** `listener` is called after each change of leaders or brokers. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A broker has said itself who leads now. */
  setLeader(
    topic: string,
    partition: number,
    leader: { readonly broker: number; readonly epoch: number },
  ): void {
    const known = this.topic(topic);
    if (
      leader.epoch <= (known.leaderEpochs[partition] ?? leader.epoch) ||
      !this.#brokers.has(leader.broker)
    ) {
      return;
    }
    this.#topics.set(topic, {
      ...known,
      leaders: known.leaders.with(partition, leader.broker),
      leaderEpochs: known.leaderEpochs.with(partition, leader.epoch),
    });
    this.#tell();
  }

  /** Asks the cluster, unless that is under way. Rejects when no broker that is known answers. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Asks the cluster when what is known is older than `metadata.max.age.ms`. */
  refreshIfOld(): void {
    if (performance.now() - this.#askedAtMs >= this.#options.maxAgeMs) {
      // What is known stays true until somebody finds out otherwise; the next second asks again.
      this.refresh().catch(() => undefined);
    }
  }

  /** A new producer's id and epoch. */
  async initProducerId(): Promise<{ readonly producerId: bigint; readonly epoch: number }> {
    const { requestTimeoutMs, refreshBackoffMs } = this.#options;
    const deadlineMs = performance.now() + ID_DEADLINE_MS;
    for (;;) {
      try {
        const connection = await this.#connected();
        const found = await initProducerIdV4.api.async(connection, null, requestTimeoutMs);
        return { producerId: found.producerId, epoch: found.producerEpoch };
      } catch (error) {
        // A broker that has just started has none to give yet.
        if (!isRetriable(error) || performance.now() > deadlineMs || this.#closed) {
          throw error;
        }
      }
      await sleep(refreshBackoffMs);
    }
  }

  /** The broker that keeps a transactional id. Rejects when there is none at the moment. */
  async transactionCoordinator(transactionalId: string): Promise<BrokerAddress> {
    const connection = await this.#connected();
    const { coordinators } = await findCoordinatorV4.api.async(
      connection,
      FindCoordinatorKeyTypes.TRANSACTION,
      [transactionalId],
    );
    return coordinators[0];
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection?.close();
  }

  async #refresh(): Promise<void> {
    const waitMs = this.#askedAtMs + this.#options.refreshBackoffMs - performance.now();
    if (waitMs > 0) {
      await sleep(waitMs);
    }
    const tries = this.#addresses().length;
    for (let left = tries; ; left--) {
      this.#askedAtMs = performance.now();
      try {
        this.#take(await this.#ask());
        return;
      } catch (error) {
        await this.#dropConnection();
        if (left <= 1 || this.#closed) {
          throw error;
        }
      }
    }
  }

  async #ask(): Promise<MetadataResponse> {
    const connection = await this.#connected();
    const topics = this.#options.topics.map((name) => ({ name }));
    try {
      return await metadataV12.api.async(connection, topics, false, false);
    } catch (error) {
      // Partitions without a leader are errors for the library; the rest of its answer is true all the same.
      if (error instanceof ResponseError && isMetadata(error.response)) {
        return error.response;
      }
      throw error;
    }
  }

  #connected(): Promise<Connection> {
    if (this.#connection?.isConnected() === true) {
      return Promise.resolve(this.#connection);
    }
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Connection> {
    if (this.#closed) {
      throw new Error('the client is closed');
    }
    const addresses = this.#addresses();
    const { host, port } = addresses[this.#nextAddress++ % addresses.length];
    const { access, clientId, connectTimeoutMs, requestTimeoutMs } = this.#options;
    const connection = new Connection(clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      ...access,
    });
    // Failures are told by the requests that they belong to.
    connection.on('error', () => undefined);
    await connection.connect(host, port);
    this.#apiRanges = (await apiVersionsV3.api.async(connection, CLIENT_SOFTWARE, version)).apiKeys;
    this.#connection = connection;
    return connection;
  }

  async #dropConnection(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  /** Those that the cluster told of, then those to begin with. */
  #addresses(): BrokerAddress[] {
    return [...this.#brokers.values(), ...bootstrapAddresses(this.#options.bootstrapServers)];
  }

  #take(response: MetadataResponse): void {
    this.#brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const { name, topicId, partitions } of response.topics) {
      if (name === null || name === undefined || partitions.length === 0) {
        continue;
      }
      const id = topicId.replaceAll('-', '');
      const before = this.topic(name);
      // A topic that was deleted and made anew counts its epochs anew.
      const known = before.id === id ? before : { leaders: [], leaderEpochs: [] };
      const leaders: number[] = [];
      const leaderEpochs: number[] = [];
      for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
        // A broker that is behind still tells of the leader before.
        const isNewer = leaderEpoch >= (known.leaderEpochs[partitionIndex] ?? -1);
        leaders[partitionIndex] = isNewer ? leaderId : known.leaders[partitionIndex];
        leaderEpochs[partitionIndex] = isNewer ? leaderEpoch : known.leaderEpochs[partitionIndex];
      }
      this.#topics.set(name, { id, leaders, leaderEpochs });
      this.#names.set(id, name);
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      listener();
    }
  }
}

/** The brokers of `host:port,host:port`; IPv6 addresses in brackets. */
export function bootstrapAddresses(bootstrapServers: string): BrokerAddress[] {
  return bootstrapServers.split(',').map((server) => {
    const [, host = '', port = ''] = /^\s*(?:\w+:\/\/)?\[?(.*?)\]?:(\d+)\s*$/.exec(server) ?? [];
    return { host, port: Number(port) };
  });
}

function isRetriable(error: unknown): boolean {
  return error instanceof ResponseError && findErrorBy(error, 'canRetry', true) !== null;
}

function isMetadata(response: unknown): response is MetadataResponse {
  return typeof response === 'object' && response !== null && 'brokers' in response && 'topics' in response;
}
