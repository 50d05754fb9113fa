/**
 * TLS on connections: what encrypting and decrypting cost both ends.
 *
 * What:    every byte of a request and of its response is encrypted by its sender and decrypted by its receiver, on the thread that
 *          reads or writes the socket: a broker's network thread; our own client's one thread; a Java producer's Sender, a
 *          consumer's thread; a replica fetcher. A broker cannot hand a log's bytes to the socket by sendfile: its
 *          network thread reads them first.
 * Formula: b bytes: perMessage + b * perByte, TLS records of 16 KiB among the bytes; a fetch's response also b * perFileByte
 *          (CPU ns)
 * Source:  SslTransportLayer.java (wrap, unwrap; transferFrom reads the file by 32 KiB), Kafka 4.2. Costs: bench/codecs (TLS 1.3, AES-256-GCM).
 * Range:   connections that stand: handshakes are left out, as connections are; SASL takes nothing once a connection stands. The 22 bytes
 *          more of each TLS record (0.2 %) are left out.
 * Error:   the engines' CPU alone; unvalidated against a broker.
 * Test:    test/kafka/tls.test.ts.
 */
import type { TlsCosts } from './costs.ts';

export interface TlsLayout {
  /** Of every broker, its TLS and what a byte of a log takes to read; null for those without TLS on any connection. */
  readonly brokers: readonly { readonly costs: TlsCosts; readonly perFileByteNs: number }[] | null;
  /** Of every connection, the client's end; null: plain. */
  readonly clients: readonly (TlsCosts | null)[];
}

export class Tls {
  readonly #layout: TlsLayout;
  /** Whether any connection of the shard is encrypted. */
  readonly isOn: boolean;

  constructor(layout: TlsLayout) {
    this.#layout = layout;
    this.isOn = layout.brokers !== null;
  }

  /** CPU of a broker for a request that it reads. */
  readNs(broker: number, connection: number, bytes: number): number {
    const brokers = this.#layout.brokers;
    if (brokers === null || this.#layout.clients[connection] === null) return 0;
    return decryptNs(brokers[broker].costs, bytes);
  }

  /** CPU of a broker for a response that it sends, of which so many bytes are a log's. */
  sendNs(broker: number, connection: number, bytes: number, fileBytes: number): number {
    const brokers = this.#layout.brokers;
    if (brokers === null || this.#layout.clients[connection] === null) return 0;
    return encryptNs(brokers[broker].costs, bytes) + fileBytes * brokers[broker].perFileByteNs;
  }

  /** CPU of the client of a connection for a request that it sends. */
  requestNs(connection: number, bytes: number): number {
    if (!this.isOn) return 0;
    const costs = this.#layout.clients[connection];
    return costs === null ? 0 : encryptNs(costs, bytes);
  }

  /** CPU of the client of a connection for a response that it reads. */
  responseNs(connection: number, bytes: number): number {
    if (!this.isOn) return 0;
    const costs = this.#layout.clients[connection];
    return costs === null ? 0 : decryptNs(costs, bytes);
  }
}

function encryptNs(costs: TlsCosts, bytes: number): number {
  return costs.encryptPerMessageNs + bytes * costs.encryptPerByteNs;
}

function decryptNs(costs: TlsCosts, bytes: number): number {
  return costs.decryptPerMessageNs + bytes * costs.decryptPerByteNs;
}
