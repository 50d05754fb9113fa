/** A broker on loopback that speaks as much of Kafka as the generator's own connections need. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { ApiRange } from '../../src/load/api-versions.ts';
import { FrameReader } from '../../src/load/wire/frame-reader.ts';
import { RequestWriter } from '../../src/load/wire/request-writer.ts';

const PRODUCE = 0;
const METADATA = 3;
const API_VERSIONS = 18;
const INIT_PRODUCER_ID = 22;

export interface FakePartition {
  readonly leader: number;
  readonly epoch: number;
  readonly errorCode?: number;
}

export interface FakeTopic {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly partitions: readonly FakePartition[];
}

export interface FakeRequest {
  readonly apiKey: number;
  readonly version: number;
  readonly correlationId: number;
  readonly socket: Socket;
  /** Sends an answer: what comes after the correlation id. */
  answer(body: Uint8Array): void;
}

export class FakeBroker {
  readonly requests: FakeRequest[] = [];
  /** Brokers that metadata tells of. */
  brokers: readonly { readonly id: number; readonly port: number }[] = [];
  topics: readonly FakeTopic[] = [];
  /** Error codes of the next answers with producer ids, before ones without. */
  producerIdErrors: number[] = [];
  /** Takes a request in the place of what is done by itself, if it returns true. */
  onRequest: (request: FakeRequest) => boolean = () => false;
  /** What it says that it speaks. */
  versions: readonly ApiRange[] = [{ apiKey: PRODUCE, minVersion: 0, maxVersion: 12 }];
  connections = 0;
  readonly #server = createServer((socket) => this.#connected(socket));
  readonly #sockets = new Set<Socket>();

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this.port;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.dropConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connected(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    const frames = new FrameReader((bytes, start) => this.#received(socket, bytes, start));
    socket.on('data', (chunk: Buffer) => frames.push(chunk));
    // Connections end as the test likes.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #received(socket: Socket, bytes: Buffer, start: number): void {
    const request: FakeRequest = {
      apiKey: bytes.readInt16BE(start),
      version: bytes.readInt16BE(start + 2),
      correlationId: bytes.readInt32BE(start + 4),
      socket,
      answer(body) {
        socket.write(
          new RequestWriter()
            .int32(body.length + 4)
            .int32(request.correlationId)
            .raw(body).bytes,
        );
      },
    };
    if (request.apiKey === API_VERSIONS) {
      request.answer(this.#apiVersions());
      return;
    }
    this.requests.push(request);
    if (this.onRequest(request)) {
      return;
    }
    if (request.apiKey === METADATA) {
      request.answer(this.#metadata());
    } else if (request.apiKey === INIT_PRODUCER_ID) {
      const errorCode = this.producerIdErrors.shift() ?? 0;
      const id = errorCode === 0 ? 4000 : -1;
      request.answer(
        new RequestWriter().noTags().int32(0).int16(errorCode).int64(id).int16(0).noTags().bytes,
      );
    } else if (request.apiKey !== PRODUCE) {
      throw new Error(`the fake broker does not know request ${request.apiKey}`);
    }
  }

  /** ApiVersions Response, version 3, whose head is that of version 0. */
  #apiVersions(): Uint8Array {
    const writer = new RequestWriter().int16(0).compactArray(this.versions.length);
    for (const { apiKey, minVersion, maxVersion } of this.versions) {
      writer.int16(apiKey).int16(minVersion).int16(maxVersion).noTags();
    }
    return writer.int32(0).noTags().bytes;
  }

  /** Metadata Response, version 12. */
  #metadata(): Uint8Array {
    const writer = new RequestWriter().noTags().int32(0).compactArray(this.brokers.length);
    for (const { id, port } of this.brokers) {
      writer.int32(id).compactString(Buffer.from('127.0.0.1')).int32(port).compactNull().noTags();
    }
    writer.compactString(Buffer.from('cluster')).int32(1).compactArray(this.topics.length);
    for (const { name, id, partitions } of this.topics) {
      writer.int16(0).compactString(Buffer.from(name)).raw(Buffer.from(id, 'hex')).int8(0);
      writer.compactArray(partitions.length);
      for (const [index, { leader, epoch, errorCode = 0 }] of partitions.entries()) {
        writer.int16(errorCode).int32(index).int32(leader).int32(epoch);
        writer.compactArray(0).compactArray(0).compactArray(0).noTags();
      }
      writer.int32(0).noTags();
    }
    return writer.noTags().bytes;
  }
}
