/**
 * Kafka's socket server: connections, network threads, muting.
 *
 * What:    a connection belongs to one network thread (round-robin). The thread reads a whole request, then mutes the
 *          connection until the response is sent: requests of one connection are served one at a time, whatever
 *          max.in.flight allows on the wire. A full request queue (queued.max.requests) blocks the thread, and so does a
 *          response whose bytes are not in the page cache (log.ts).
 *          A request that comes over a line in pieces of 64 KiB wakes the thread for each.
 * Formula: read  = perRequest / 2 + bytesIn * perByteIn + (pieces - 1) * wakeUpCpu;   send = perRequest / 2 + bytesOut * perByteOut   (CPU ns)
 * Source:  SocketServer.scala (Processor.processCompletedReceives mutes, processCompletedSends unmutes), Kafka 4.2.
 *          What TLS adds: tls.ts.
 * Range:   the acceptor and new connections cost nothing.
 * Error:   per stage in reports; unvalidated for TLS.
 * Test:    test/kafka/request-path.test.ts.
 */
import type { Flow } from '../../hardware/flow-ends.ts';
import type { Uint8Column } from '../../kernel/columns.ts';
import { Fifos } from '../../kernel/fifo.ts';
import type { Ways } from '../cluster/distances.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { isFetch, SENT } from '../requests.ts';
import { type JobOwner, ThreadJobs } from '../thread-jobs.ts';
import type { Broker } from './broker.ts';

const IN_SOCKETS_MAX = 33_554_432;
const READ = 0;
const SEND = 1;

/** Who is at the two ends of a connection. */
export interface Connection {
  readonly broker: number;
  readonly networkThread: number;
  readonly clientHost: number;
  /** The client's entity and thread, for the response. */
  readonly clientEntity: number;
  /** What the client's socket takes of what it sends. */
  readonly sendBufferBytes: number;
  readonly ways: Ways;
}

/** Both directions of every connection: 2 * connection for its requests, and one more for its responses. */
export function flowsOf(connections: readonly Connection[], brokers: readonly Broker[]): Flow[] {
  return connections.flatMap(({ broker, clientHost, clientEntity, sendBufferBytes, ways }) => {
    const { host, entity, config } = brokers[broker];
    return [
      {
        from: clientHost,
        to: host,
        sendBufferBytes,
        receiveBufferBytes: bufferBytes(config['socket.receive.buffer.bytes']),
        sender: clientEntity,
        receiver: entity,
        kind: KIND.requestArrives,
        ...ways.request,
      },
      {
        from: host,
        to: clientHost,
        sendBufferBytes: bufferBytes(config['socket.send.buffer.bytes']),
        receiveBufferBytes: Number.POSITIVE_INFINITY,
        sender: entity,
        receiver: clientEntity,
        kind: KIND.responseArrives,
        ...ways.response,
      },
    ];
  });
}

/** The flow of `flowsOf` that carries a connection's requests. */
export function requestFlow(connection: number): number {
  return connection * 2;
}

/** The flow that carries its responses. */
export function responseFlow(connection: number): number {
  return connection * 2 + 1;
}

/** Whether a flow of `flowsOf` carries responses. */
export function isResponse(flow: number): boolean {
  return (flow & 1) === 1;
}

/** CPU of a thread that the further pieces of a message wake, each after the time that a piece takes, ns. */
export function furtherPiecesNs(
  { nics, cpus }: ClusterModel,
  thread: number,
  flow: number,
  bytes: number,
): number {
  const more = nics.piecesOf(flow, bytes) - 1;
  return more === 0 ? 0 : more * cpus.wakeUps.costNs(thread, nics.pieceNs(flow));
}

/** -1 leaves it to the system, which lets it grow. */
function bufferBytes(setting: number): number {
  return setting === -1 ? Number.POSITIVE_INFINITY : setting;
}

export class SocketServer implements JobOwner {
  readonly #model: ClusterModel;
  /** Of every connection, beside it: there are many, and every hand-over asks. */
  readonly #broker: Int32Array;
  readonly #networkThread: Int32Array;
  readonly #muted: Uint8Column;
  /** Requests that wait in the socket of a muted connection. */
  readonly #inSocket: Fifos;
  /** What a network thread has to do: request * 2 + (READ or SEND). */
  readonly #jobs: ThreadJobs;
  /** Per broker: requests that a full request queue keeps out, each in the hands of its network thread. */
  readonly #blocked: Fifos;

  /** @param threads how many the shard has, of all kinds */
  constructor(model: ClusterModel, connections: readonly Connection[], threads: number) {
    this.#model = model;
    this.#broker = Int32Array.from(connections, ({ broker }) => broker);
    this.#networkThread = Int32Array.from(connections, ({ networkThread }) => networkThread);
    const columns = model.sim.columns;
    this.#muted = columns.uint8('socket/muted', connections.length);
    this.#inSocket = new Fifos(columns, 'socket/waiting', connections.length, IN_SOCKETS_MAX);
    this.#jobs = new ThreadJobs(
      model,
      'network-threads',
      Array.from({ length: threads }, (_, thread) => thread),
      this,
    );
    this.#blocked = new Fifos(columns, 'network-threads/blocked', model.brokers.length, IN_SOCKETS_MAX);
  }

  /** A client sends a request to its broker; whether all of it is in the client's socket already. */
  sendRequest(request: number): boolean {
    const { nics, requests } = this.#model;
    requests.place.data[request] = SENT;
    const flow = requestFlow(requests.connection.data[request]);
    return nics.send(flow, requests.bytesIn.data[request], requests.ticket(request));
  }

  /** A request has arrived in the connection's socket. */
  requestArrives(request: number): void {
    const connection = this.#model.requests.connection.data[request];
    if (this.#muted.data[connection] === 1) this.#inSocket.push(connection, request);
    else this.#read(connection, request);
  }

  /** Puts a response into the queue of its connection's network thread. */
  respond(request: number): void {
    const requests = this.#model.requests;
    requests.respondedNs.data[request] = this.#model.sim.nowNs;
    this.#model.quotas.responding(request);
    this.#jobs.push(this.#networkThread[requests.connection.data[request]], request * 2 + SEND);
  }

  /** The request queue of the broker has room again: the network thread that was blocked first goes on. */
  queueHasRoom(broker: Broker): void {
    if (this.#blocked.length(broker.index) === 0) return;
    const request = this.#blocked.shift(broker.index);
    this.#model.handlers.enqueue(broker, request);
    this.#jobs.resume(this.#networkThread[this.#model.requests.connection.data[request]]);
  }

  /** The last of a response is in the socket's buffer: its connection is read again, unless its client is throttled. */
  responseSent(request: number): void {
    const { recorder, requests, quotas, sim, brokers } = this.#model;
    const connection = requests.connection.data[request];
    recorder.requestDone(this.#broker[connection], request);
    const throttledNs = quotas.throttledUntilNs(connection) - sim.nowNs;
    if (throttledNs <= 0) this.unmute(connection);
    else {
      const { entity } = brokers[this.#broker[connection]];
      sim.schedule(throttledNs, entity, KIND.throttleEnds, connection);
    }
  }

  /** A connection is read again: its response is sent, and it is not throttled any more. */
  unmute(connection: number): void {
    this.#muted.data[connection] = 0;
    this.#model.nics.unmute(requestFlow(connection));
    if (this.#inSocket.length(connection) > 0) this.#read(connection, this.#inSocket.shift(connection));
  }

  threadDone(thread: number): void {
    this.#jobs.threadDone(thread);
  }

  workNs(thread: number, job: number): number {
    const { requests } = this.#model;
    const request = job >> 1;
    const { costs } = this.#brokerOf(request);
    if ((job & 1) === READ) {
      const bytes = requests.bytesIn.data[request];
      const flow = requestFlow(requests.connection.data[request]);
      return (
        costs.networkPerRequestNs / 2 +
        furtherPiecesNs(this.#model, thread, flow, bytes) +
        bytes * costs.networkPerByteInNs +
        this.#tlsNs(request, true)
      );
    }
    // A produce request with acks=0 has no response: its connection is unmuted, nothing is sent.
    const bytes = requests.bytesOut.data[request];
    if (bytes === 0) return 0;
    const brings = isFetch(requests.type.data[request]) && requests.batches.data[request] > 0;
    const fetchNs = brings ? costs.networkPerFetchNs : 0;
    return (
      costs.networkPerRequestNs / 2 +
      fetchNs +
      bytes * costs.networkPerByteOutNs +
      this.#tlsNs(request, false)
    );
  }

  starts(_thread: number, job: number, latencyNs: number): void {
    if ((job & 1) === SEND) this.#model.requests.pickedNs.data[job >> 1] = this.#model.sim.nowNs + latencyNs;
  }

  done(_thread: number, job: number): boolean {
    if ((job & 1) === READ) return this.#enqueue(job >> 1);
    return this.#send(job >> 1);
  }

  /** What a network thread reads from disk for the response that it sends is there. */
  storageDone(thread: number): void {
    if (this.#send(this.#jobs.current(thread) >> 1)) this.#jobs.resume(thread);
  }

  /** The broker that a request was sent to, or is to be. */
  brokerIndexOf(request: number): number {
    return this.#broker[this.#model.requests.connection.data[request]];
  }

  /** The broker's process is gone, and with it all connections to it. */
  clear(broker: Broker): void {
    const { nics } = this.#model;
    for (let connection = 0; connection < this.#broker.length; connection += 1) {
      if (this.#broker[connection] !== broker.index) continue;
      this.#muted.data[connection] = 0;
      this.#inSocket.clear(connection);
      nics.reset(requestFlow(connection));
      nics.reset(responseFlow(connection));
    }
    for (const thread of broker.networkThreads) this.#jobs.clear(thread);
    this.#blocked.clear(broker.index);
  }

  /** False while bytes of the response come from the disk: the thread waits for them. */
  #send(request: number): boolean {
    const { requests, logs, sim, brokers } = this.#model;
    if (isFetch(requests.type.data[request])) {
      const doneNs = logs.readNext(requests.owner.data[request]);
      if (doneNs > 0) {
        const connection = requests.connection.data[request];
        const { entity } = brokers[this.#broker[connection]];
        const life = this.#model.lives.of(this.#broker[connection]);
        sim.schedule(doneNs - sim.nowNs, entity, KIND.storageDone, this.#networkThread[connection], life);
        return false;
      }
    }
    this.#handOver(request);
    return true;
  }

  /** False when the request queue is full and the thread now waits for room. */
  #enqueue(request: number): boolean {
    const broker = this.#brokerOf(request);
    // Kafka's clock starts when the request is read: waiting in front of a full queue is time in the queue.
    this.#model.requests.queuedNs.data[request] = this.#model.sim.nowNs;
    if (this.#model.handlers.isFull(broker)) {
      this.#blocked.push(broker.index, request);
      return false;
    }
    this.#model.handlers.enqueue(broker, request);
    return true;
  }

  #tlsNs(request: number, reads: boolean): number {
    const { tls, requests } = this.#model;
    if (!tls.isOn) return 0;
    const connection = requests.connection.data[request];
    const broker = this.#broker[connection];
    if (reads) return tls.readNs(broker, connection, requests.bytesIn.data[request]);
    const bytes = requests.bytesOut.data[request];
    return tls.sendNs(broker, connection, bytes, isFetch(requests.type.data[request]) ? bytes : 0);
  }

  #brokerOf(request: number): Broker {
    return this.#model.brokers[this.#broker[this.#model.requests.connection.data[request]]];
  }

  #read(connection: number, request: number): void {
    const { nics, silentWrites } = this.#model;
    if (silentWrites.isOn) silentWrites.read(connection, request);
    this.#muted.data[connection] = 1;
    nics.mute(requestFlow(connection));
    this.#jobs.push(this.#networkThread[connection], request * 2 + READ);
  }

  #handOver(request: number): void {
    const { nics, requests } = this.#model;
    const flow = responseFlow(requests.connection.data[request]);
    if (nics.send(flow, requests.bytesOut.data[request], requests.ticket(request)))
      this.responseSent(request);
  }
}
