/**
 * A proxy before one broker on 127.0.0.1, whose connections can be reset. The broker tells clients its own address; on its way
 * back the port is replaced, so that they come to the proxy.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

const HOST = Buffer.from('127.0.0.1');
const PORT_BYTES = 4;

export class ResettingProxy {
  readonly #broker: Buffer;
  readonly #brokerPort: number;
  readonly #server = createServer((client) => this.#connected(client));
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #port = 0;

  constructor(brokerPort: number) {
    this.#brokerPort = brokerPort;
    this.#broker = addressBytes(brokerPort);
  }

  /** Begins to listen; returns `host:port`. */
  async listen(): Promise<string> {
    this.#server.listen(0, HOST.toString());
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return `${HOST}:${this.#port}`;
  }

  /** Resets all connections, whatever is on its way; returns how many. */
  reset(): number {
    const pairs = [...this.#pairs];
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    return pairs.length;
  }

  async close(): Promise<void> {
    this.reset();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connected(client: Socket): void {
    const broker = connect(this.#brokerPort, HOST.toString());
    const pair = [client, broker] as const;
    this.#pairs.add(pair);
    client.on('data', (chunk) => broker.write(chunk));
    broker.on('data', (chunk) => client.write(this.#readdressed(chunk)));
    for (const socket of pair) {
      socket.setNoDelay();
      // Its end is the end of the pair, whatever it came from.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        for (const one of pair) one.destroy();
      });
    }
  }

  /** Addresses are short and their answers small: none lies across two chunks. */
  #readdressed(chunk: Buffer): Buffer {
    for (let at = chunk.indexOf(this.#broker); at >= 0; at = chunk.indexOf(this.#broker, at)) {
      addressBytes(this.#port).copy(chunk, at);
    }
    return chunk;
  }
}

/** As in metadata and coordinators: the host, and its port in four bytes. */
function addressBytes(port: number): Buffer {
  const bytes = Buffer.alloc(HOST.length + PORT_BYTES);
  HOST.copy(bytes);
  bytes.writeInt32BE(port, HOST.length);
  return bytes;
}
