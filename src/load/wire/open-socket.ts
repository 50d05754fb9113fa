/**
 * A socket to a broker. Encryption and authentication are the library's: it sets such a connection up, and its own requests,
 * those of a later re-authentication among them, stay its own. A plain connection needs nothing of it, and reads straight
 * into the frames' memory.
 */
import { connect, type Socket } from 'node:net';
import { Connection, ConnectionStatuses } from '@platformatic/kafka';
import type { LibraryAccess } from '../access/library-access.ts';
import { MalformedResponse } from './response-reader.ts';

export interface SocketOptions {
  readonly clientId: string;
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly access: LibraryAccess;
}

/** Who gets what is received. */
export interface SocketReader {
  space(): Buffer;
  received(bytes: number): void;
  push(chunk: Buffer): void;
}

export interface OpenSocket {
  readonly socket: Socket;
  /** False while the library re-authenticates: the broker refuses all other requests meanwhile. */
  readonly writable: boolean;
  /** Called when it is writable again. */
  onWritable(listener: () => void): void;
  /** A whole frame that answers a request of the library. */
  answeredLibrary(frame: Buffer): void;
}

/** Connects and authenticates. Rejects when the broker cannot be reached or refuses. */
export function openSocket(options: SocketOptions, reader: SocketReader): Promise<OpenSocket> {
  const { tls, sasl } = options.access;
  return tls === undefined && sasl === undefined
    ? plainSocket(options, reader)
    : securedSocket(options, reader);
}

function plainSocket(
  { host, port, connectTimeoutMs }: SocketOptions,
  reader: SocketReader,
): Promise<OpenSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<OpenSocket>();
  const socket: Socket = connect({
    host,
    port,
    noDelay: true,
    timeout: connectTimeoutMs,
    onread: {
      buffer: () => reader.space(),
      callback: (bytes): boolean => {
        reader.received(bytes);
        return !socket.destroyed;
      },
    },
  });
  socket.once('error', reject);
  socket.once('timeout', () =>
    socket.destroy(new Error(`${host}:${port} did not answer within ${connectTimeoutMs} ms`)),
  );
  socket.once('connect', () => {
    socket.setTimeout(0);
    socket.removeAllListeners('timeout').removeListener('error', reject);
    resolve({
      socket,
      writable: true,
      onWritable: () => undefined,
      answeredLibrary: () => {
        throw new MalformedResponse(`${host}:${port} answered a request that was not sent`);
      },
    });
  });
  return promise;
}

async function securedSocket(options: SocketOptions, reader: SocketReader): Promise<OpenSocket> {
  const { clientId, host, port, connectTimeoutMs, access } = options;
  const connection = new Connection(clientId, { connectTimeout: connectTimeoutMs, ...access });
  // Failures of the connection are told by its socket, and by the promise while it is set up.
  connection.on('error', () => undefined);
  await connection.connect(host, port);
  const { socket } = connection;
  const toLibrary = socket.listeners('data');
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  return {
    socket,
    get writable() {
      return connection.status === ConnectionStatuses.CONNECTED;
    },
    onWritable: (listener) => connection.on('connect', listener),
    answeredLibrary: (frame) => {
      for (const listener of toLibrary) listener.call(socket, frame);
    },
  };
}
