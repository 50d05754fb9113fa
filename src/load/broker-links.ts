/**
 * The connections of one client: one to each broker that it talks to, opened when it is first needed and again, after
 * Kafka's exponential back-off, when it was lost. Each time that one is lost, or cannot be opened, the cluster is asked who leads.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProducerConfig } from '../scenario/kafka-defaults.ts';
import type { LibraryAccess } from './access/library-access.ts';
import { exponentialBackOffMs } from './back-off.ts';
import { NS_PER_MS } from './clock.ts';
import type { ClusterMetadata } from './cluster-metadata.ts';
import type { Random } from './random.ts';
import { BrokerConnection } from './wire/broker-connection.ts';

export interface BrokerLinksOptions {
  readonly clientId: string;
  readonly config: Pick<
    ProducerConfig,
    'reconnect.backoff.ms' | 'reconnect.backoff.max.ms' | 'socket.connection.setup.timeout.ms'
  >;
  readonly metadata: ClusterMetadata;
  readonly access: LibraryAccess;
  readonly random: Random;
  readonly now: () => number;
  /** A connection can be used: it was opened, or may be written to again. */
  readonly onUsable: () => void;
  /** A connection was lost, or could not be opened. */
  readonly onTrouble: (broker: number, error: Error) => void;
}

interface Link {
  connection: BrokerConnection | null;
  opening: Promise<void> | null;
  /** Failed so often, one after the other. */
  failures: number;
  /** Not to be opened again before. */
  retryNs: number;
  /** The broker holds back this client's requests until then (a quota was exceeded). */
  throttledUntilNs: number;
}

export class BrokerLinks {
  readonly #options: BrokerLinksOptions;
  readonly #links = new Map<number, Link>();
  #closed = false;

  constructor(options: BrokerLinksOptions) {
    this.#options = options;
  }

  /** The connection to a broker, if a request may be sent now; opens it if there is none. */
  usable(broker: number, nowNs: number): BrokerConnection | null {
    const link = this.#link(broker);
    if (link.connection === null) {
      if (link.opening === null && nowNs >= link.retryNs && !this.#closed) {
        // What goes wrong is told by `onTrouble`.
        this.open(broker).catch(() => undefined);
      }
      return null;
    }
    return link.connection.writable && nowNs >= link.throttledUntilNs ? link.connection : null;
  }

  /**
   * Opens the connection to a broker if there is none, after its back-off. Resolves when it is open; rejects when that fails,
   * after `onTrouble` was told.
   */
  async open(broker: number): Promise<void> {
    const link = this.#link(broker);
    if (link.connection !== null) {
      return;
    }
    link.opening ??= this.#open(broker, link).finally(() => {
      link.opening = null;
    });
    await link.opening;
  }

  /** The broker asked for silence. */
  throttle(broker: number, untilNs: number): void {
    const link = this.#link(broker);
    link.throttledUntilNs = Math.max(link.throttledUntilNs, untilNs);
  }

  /** When something may have changed by time alone: the end of a throttle or a back-off; infinite without. */
  wakeNs(nowNs: number): number {
    let soonestNs = Number.POSITIVE_INFINITY;
    for (const { throttledUntilNs, retryNs, connection } of this.#links.values()) {
      if (throttledUntilNs > nowNs) {
        soonestNs = Math.min(soonestNs, throttledUntilNs);
      }
      if (connection === null && retryNs > nowNs) {
        soonestNs = Math.min(soonestNs, retryNs);
      }
    }
    return soonestNs;
  }

  /** Ends connections whose oldest request has waited too long. */
  expire(nowNs: number): void {
    for (const { connection } of this.#links.values()) {
      connection?.expire(nowNs);
    }
  }

  /** Bytes that were sent but that the system has not taken yet, over all connections. */
  get unwrittenBytes(): number {
    let bytes = 0;
    for (const { connection } of this.#links.values()) {
      bytes += connection?.unwrittenBytes ?? 0;
    }
    return bytes;
  }

  close(): void {
    this.#closed = true;
    for (const { connection } of this.#links.values()) {
      connection?.close();
    }
  }

  async #open(broker: number, link: Link): Promise<void> {
    const waitMs = (link.retryNs - this.#options.now()) / NS_PER_MS;
    if (waitMs > 0) {
      await sleep(Math.ceil(waitMs));
    }
    if (this.#closed) {
      throw new Error('the client is closed');
    }
    try {
      const connection = await this.#connect(broker, link);
      if (this.#closed) {
        connection.close();
        return;
      }
      link.connection = connection;
      link.failures = 0;
    } catch (error) {
      this.#failed(broker, link, error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
    this.#options.onUsable();
  }

  async #connect(broker: number, link: Link): Promise<BrokerConnection> {
    const { clientId, config, metadata, access } = this.#options;
    const address = metadata.address(broker);
    if (address === null) {
      throw new Error(`broker ${broker} is not known to the cluster at the moment`);
    }
    const connection: BrokerConnection = await BrokerConnection.open({
      ...address,
      clientId,
      broker,
      access,
      connectTimeoutMs: config['socket.connection.setup.timeout.ms'],
      onClosed: (error) => {
        if (link.connection === connection) {
          link.connection = null;
          if (!this.#closed) this.#failed(broker, link, error);
        }
      },
      onWritable: this.#options.onUsable,
    });
    return connection;
  }

  #failed(broker: number, link: Link, error: Error): void {
    const { config, random, now, metadata, onTrouble } = this.#options;
    const waitMs = exponentialBackOffMs(
      config['reconnect.backoff.ms'],
      config['reconnect.backoff.max.ms'],
      link.failures++,
      random,
    );
    link.retryNs = now() + waitMs * NS_PER_MS;
    onTrouble(broker, error);
    // Somebody else may lead by now, as Kafka's NetworkClient takes it. When nobody answers, the next trouble asks again.
    metadata.refresh().catch(() => undefined);
  }

  #link(broker: number): Link {
    const known = this.#links.get(broker);
    if (known !== undefined) {
      return known;
    }
    const link = { connection: null, opening: null, failures: 0, retryNs: 0, throttledUntilNs: 0 };
    this.#links.set(broker, link);
    return link;
  }
}
