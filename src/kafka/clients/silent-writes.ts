/**
 * Writes of requests that nobody answers (acks=0): what tells their producer to wait is that its socket takes no more.
 *
 * What:    such a request counts as sent when all of it is in the sockets' buffers. On the network these are the
 *          sender's (nic.ts); where nothing limits the way, between processes of one host, both ends' together: the
 *          broker takes a request out when it reads it, which a muted connection has to wait for.
 * Formula: room = 2 * SO_SNDBUF, or 4 MiB (tcp_wmem) when it is left to the system, + the broker's receive buffer
 * Units:   bytes.
 * Source:  our generator waits for the socket's drain with acks=0 (produce-transport.ts); Kafka's own waits for the whole write
 *          (NetworkClient.completedSends); tcp(7).
 * Range:   a request larger than the room counts when it is alone. The kernel lets a send buffer grow by need; here it has its largest size at once.
 *          Where something is done to brokers, requests count at once.
 * Error:   behind a NIC of 400 Mbit/s 45,400 records/s of 1 KiB measured; without this the model took four times as many.
 * Test:    test/kafka/producers.test.ts.
 */
import type { Float64Column } from '../../kernel/columns.ts';
import { Fifos } from '../../kernel/fifo.ts';
import { requestFlow } from '../broker/socket-server.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { NONE, REQUEST } from '../requests.ts';

const WAITING_MAX = 33_554_432;

export class SilentWrites {
  /** Whether any producer asks for no answers, and nothing is done to the brokers. */
  readonly isOn: boolean;
  readonly #model: ClusterModel;
  /** Per connection. */
  readonly #roomBytes: Float64Array;
  /** Per connection, where nothing limits the way: bytes in the buffers; requests that are not all in them. */
  readonly #buffered: Float64Column;
  readonly #unwritten: Fifos;

  constructor(model: ClusterModel) {
    const { producerClients, connections, operations } = model.parts;
    this.#model = model;
    this.isOn = operations.length === 0 && producerClients.some(({ acks }) => acks === '0');
    const { columns } = model.sim;
    const rows = this.isOn ? connections.length : 0;
    this.#roomBytes = Float64Array.from({ length: rows }, (_, index) => {
      const { broker, sendBufferBytes } = connections[index];
      const receiveBytes = model.brokers[broker].config['socket.receive.buffer.bytes'];
      return sendBufferBytes + Math.max(0, receiveBytes);
    });
    this.#buffered = columns.float64('silent-writes/buffered', rows);
    this.#unwritten = new Fifos(columns, 'silent-writes/unwritten', rows, WAITING_MAX);
  }

  /**
   * A request has been sent.
   *
   * @param inSocket whether the network has all of it, or says so later
   * @returns whether it counts as sent now; else `Producers.written` will be told
   */
  sent(request: number, inSocket: boolean): boolean {
    const { requests, nics } = this.#model;
    const connection = requests.connection.data[request];
    if (!nics.isFree(requestFlow(connection))) return inSocket;
    const bytes = requests.bytesIn.data[request];
    if (this.#unwritten.length(connection) === 0 && this.#fits(connection, bytes)) {
      this.#buffered.data[connection] += bytes;
      return true;
    }
    this.#unwritten.push(connection, request);
    return false;
  }

  /** The broker takes a request out of its socket. */
  read(connection: number, request: number): void {
    const { requests, producers, nics } = this.#model;
    if (!this.#isSilent(request) || !nics.isFree(requestFlow(connection))) return;
    this.#buffered.data[connection] -= requests.bytesIn.data[request];
    while (this.#unwritten.length(connection) > 0) {
      const next = this.#unwritten.peek(connection);
      const bytes = requests.bytesIn.data[next];
      if (!this.#fits(connection, bytes)) return;
      this.#unwritten.shift(connection);
      this.#buffered.data[connection] += bytes;
      producers.written(next);
    }
  }

  /** The network has taken the rest of a request that was too much for the socket. */
  taken(request: number): void {
    if (this.isOn && request !== NONE && this.#isSilent(request)) this.#model.producers.written(request);
  }

  #isSilent(request: number): boolean {
    return this.#model.requests.type.data[request] === REQUEST.produce && this.#model.acks(request) === '0';
  }

  #fits(connection: number, bytes: number): boolean {
    const buffered = this.#buffered.data[connection];
    return buffered === 0 || buffered + bytes <= this.#roomBytes[connection];
  }
}
