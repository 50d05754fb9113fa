/**
 * The clients' refreshes of their metadata.
 *
 * What:    every metadata.max.age.ms a client asks one of its brokers, in turn, for its topics, and is told of all of their
 *          partitions. The clients of a class on one thread are spread over that time and share one timer.
 * Formula: request = 15 + client id + 5 + topics * (name + 19)
 *          response = 44 + brokers * (host + 11) + topics * (name + 27) + partitions * (18 + 8 * replicas)
 *          CPU of the broker: network bytes as ever, and the perRequest of a fetch in the handler
 * Units:   bytes, ns.
 * Source:  Metadata.java, MetadataRequest.json and MetadataResponse.json 12.
 * Range:   the response is the same for all brokers and all of the time. What a broker spends for each partition, and the
 *          client for the response, is left out: no cost is known for it. Clients that began together would also ask
 *          together, 5 minutes later.
 * Error:   unvalidated.
 * Test:    test/kafka/metadata-refresh.test.ts.
 */
import type { Int32Column } from '../../kernel/columns.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { REQUEST } from '../requests.ts';

/** Clients of one class on one thread. */
export interface MetadataReaders {
  readonly entity: number;
  /** Of each client, all of its connections. */
  readonly connections: readonly (readonly number[])[];
  readonly ageNs: number;
  /** Share of the time between two refreshes after which the first comes. */
  readonly phase: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

export class MetadataRefresh {
  readonly #model: ClusterModel;
  readonly #readers: readonly MetadataReaders[];
  /** Per class on a thread: refreshes until now. */
  readonly #count: Int32Column;

  constructor(model: ClusterModel, readers: readonly MetadataReaders[]) {
    this.#model = model;
    this.#readers = readers;
    this.#count = model.sim.columns.int32('metadata/refreshes', readers.length);
  }

  start(): void {
    this.#readers.forEach(({ phase }, index) => {
      this.#schedule(index, phase);
    });
  }

  /** The metadata of the next client in turn is too old. */
  refresh(index: number): void {
    const { requests, sockets, lives, parts } = this.#model;
    const { connections, requestBytes, responseBytes } = this.#readers[index];
    const count = this.#count.data[index];
    this.#count.data[index] = count + 1;
    const ofClient = connections[count % connections.length];
    const turn = Math.floor(count / connections.length);
    this.#schedule(index, 1);
    const connection = ofClient[turn % ofClient.length];
    if (!lives.isUp(parts.connections[connection].broker)) return;
    const request = requests.open(REQUEST.metadata, connection, index);
    requests.bytesIn.data[request] = requestBytes;
    requests.bytesOut.data[request] = responseBytes;
    sockets.sendRequest(request);
  }

  #schedule(index: number, share: number): void {
    const { entity, ageNs, connections } = this.#readers[index];
    const delayNs = Math.round((share * ageNs) / connections.length);
    this.#model.sim.schedule(delayNs, entity, KIND.metadataIsOld, index);
  }
}
