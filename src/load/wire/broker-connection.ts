/**
 * One connection to one broker: requests go out in the order of `send`, without waiting for answers, and answers come back
 * in that order, as Kafka promises. Whoever sends bounds the requests in flight.
 */
import type { LibraryAccess } from '../access/library-access.ts';
import { FrameReader } from './frame-reader.ts';
import { type OpenSocket, openSocket } from './open-socket.ts';
import { MalformedResponse } from './response-reader.ts';

/** The library counts its own requests from 1 on. */
const FIRST_CORRELATION_ID = 2 ** 30;
const LAST_CORRELATION_ID = 2 ** 31 - 1;
const CORRELATION_ID_BYTES = 4;
const LENGTH_BYTES = 4;

/** The connection ended before a request was answered, so that nobody knows what became of it. */
export class Disconnected extends Error {}
/** A request was not answered in `request.timeout.ms`; the connection was ended for it, as Kafka's clients do. */
export class RequestTimedOut extends Error {}

/** What a request is answered with: a stretch of a buffer, after the correlation id, valid during the call only. */
export interface ResponseListener {
  answered(bytes: Buffer, start: number, end: number): void;
  failed(error: Disconnected | RequestTimedOut): void;
}

export interface BrokerConnectionOptions {
  readonly clientId: string;
  readonly broker: number;
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly access: LibraryAccess;
  /** It has ended, for this reason, after it was open. */
  readonly onClosed: (error: Error) => void;
  /** After a moment in which it could not send, it can. */
  readonly onWritable: () => void;
}

interface Pending {
  readonly correlationId: number;
  readonly listener: ResponseListener;
  readonly deadlineNs: number;
}

export class BrokerConnection {
  readonly broker: number;
  readonly #options: BrokerConnectionOptions;
  readonly #frames = new FrameReader((bytes, start, end) => this.#onFrame(bytes, start, end));
  /** In the order sent; answered ones are before `#first`. */
  #pending: Pending[] = [];
  #first = 0;
  #open: OpenSocket | null = null;
  #correlationId = FIRST_CORRELATION_ID;
  #closedBy: Error | null = null;

  private constructor(options: BrokerConnectionOptions) {
    this.#options = options;
    this.broker = options.broker;
  }

  /** Connects. Rejects with what the system or the library says when that fails. */
  static async open(options: BrokerConnectionOptions): Promise<BrokerConnection> {
    const connection = new BrokerConnection(options);
    await connection.#connect();
    return connection;
  }

  /** Requests that are not answered yet. */
  get inFlight(): number {
    return this.#pending.length - this.#first;
  }

  /** Whether a request may be sent now. */
  get writable(): boolean {
    return this.#closedBy === null && this.#open?.writable === true;
  }

  /** Bytes that were sent but that the system has not taken yet. */
  get unwrittenBytes(): number {
    return this.#open?.socket.writableLength ?? 0;
  }

  /** For the head of the next request. */
  nextCorrelationId(): number {
    this.#correlationId =
      this.#correlationId === LAST_CORRELATION_ID ? FIRST_CORRELATION_ID : this.#correlationId + 1;
    return this.#correlationId;
  }

  /**
   * Sends one request, made with the latest correlation id. Its buffers must stay as they are until it is answered or has failed.
   *
   * @param listener null when the broker does not answer it (acks=0)
   * @param written is called once the system has taken the request, or with why it never will
   */
  send(
    parts: readonly Uint8Array[],
    listener: ResponseListener | null,
    deadlineNs: number,
    written?: (error: Error | null) => void,
  ): void {
    const socket = this.#open?.socket;
    if (socket === undefined || !this.writable) {
      throw new Error(`a request was sent to broker ${this.broker}, whose connection is not open`);
    }
    if (listener !== null) {
      this.#pending.push({ correlationId: this.#correlationId, listener, deadlineNs });
    }
    socket.cork();
    for (const [index, part] of parts.entries()) {
      if (written !== undefined && index === parts.length - 1) {
        socket.write(part, (error) => written(error ?? null));
      } else {
        socket.write(part);
      }
    }
    socket.uncork();
  }

  /** Ends the connection when a request has waited for its answer too long. */
  expire(nowNs: number): void {
    const oldest = this.#pending[this.#first];
    if (oldest !== undefined && oldest.deadlineNs <= nowNs) {
      this.#end(new RequestTimedOut(`broker ${this.broker} did not answer a request in time`));
    }
  }

  /** Ends the connection; requests in flight fail. */
  close(): void {
    this.#end(new Disconnected('the connection was closed'));
  }

  async #connect(): Promise<void> {
    const open = await openSocket(this.#options, {
      space: () => this.#frames.space(),
      received: (bytes) => this.#receive(() => this.#frames.received(bytes)),
      push: (chunk) => this.#receive(() => this.#frames.push(chunk)),
    });
    this.#open = open;
    const { broker } = this.#options;
    open.socket.on('error', (error) =>
      this.#end(new Disconnected(`connection to broker ${broker} lost`, { cause: error })),
    );
    open.socket.on('close', () =>
      this.#end(new Disconnected(`connection to broker ${broker} closed by the broker`)),
    );
    open.onWritable(this.#options.onWritable);
  }

  #receive(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MalformedResponse)) {
        throw error;
      }
      this.#end(new Disconnected(`broker ${this.broker} sent what is no answer`, { cause: error }));
    }
  }

  #onFrame(bytes: Buffer, start: number, end: number): void {
    const correlationId = bytes.readInt32BE(start);
    if (correlationId < FIRST_CORRELATION_ID) {
      this.#open?.answeredLibrary(Buffer.from(bytes.subarray(start - LENGTH_BYTES, end)));
      return;
    }
    const pending = this.#pending[this.#first];
    if (pending?.correlationId !== correlationId) {
      throw new MalformedResponse(
        `correlation id ${correlationId}, expected ${pending?.correlationId ?? 'none'}`,
      );
    }
    this.#first++;
    if (this.#first === this.#pending.length) {
      this.#pending = [];
      this.#first = 0;
    }
    try {
      pending.listener.answered(bytes, start + CORRELATION_ID_BYTES, end);
    } catch (error) {
      // It has no answer either: it fails with those after it.
      this.#pending = [pending, ...this.#pending.slice(this.#first)];
      this.#first = 0;
      throw error;
    }
  }

  #end(error: Disconnected | RequestTimedOut): void {
    if (this.#closedBy !== null) {
      return;
    }
    this.#closedBy = error;
    const lost = this.#pending.slice(this.#first);
    this.#pending = [];
    this.#first = 0;
    this.#open?.socket.destroy();
    this.#options.onClosed(error);
    for (const { listener } of lost) {
      listener.failed(error);
    }
  }
}
