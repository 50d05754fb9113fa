/** The connections of a cluster as they are opened, one after the other: each gets the next network thread of its broker. */

import { sendRoomBytes } from '../../hardware/tcp-windows.ts';
import type { Broker } from '../broker/broker.ts';
import type { Connection } from '../broker/socket-server.ts';
import { NONE } from '../requests.ts';
import { type LinkTo, type Place, type Sockets, waysOf } from './distances.ts';

/** Who opens a connection, and how. */
export interface ConnectionEnd {
  readonly host: number;
  readonly entity: number;
  readonly sockets: Sockets;
  /** The link that lies between, if one does. */
  readonly over?: LinkTo | undefined;
}

export class Connections {
  readonly list: Connection[] = [];
  readonly #places: readonly Place[];
  readonly #ofBroker: number[] = [];

  constructor(places: readonly Place[]) {
    this.#places = places;
  }

  /** A new connection to the broker, on its network threads in turn; returns its number. */
  open(broker: Broker, { host, entity, sockets, over }: ConnectionEnd): number {
    const number = this.#ofBroker[broker.index] ?? 0;
    this.#ofBroker[broker.index] = number + 1;
    const networkThread = broker.networkThreads[number % broker.networkThreads.length];
    const ways = waysOf({ hosts: this.#places, clientHost: host, broker, sockets, over });
    const connection = {
      broker: broker.index,
      networkThread,
      clientHost: host,
      clientEntity: entity,
      sendBufferBytes: sendRoomBytes(sockets.sendBufferBytes),
      ways,
    };
    return this.list.push(connection) - 1;
  }

  /** Connections to several brokers; by broker, NONE to the others. */
  openAll(brokers: readonly Broker[], to: readonly number[], end: ConnectionEnd): Int32Array {
    const connectionOf = new Int32Array(brokers.length).fill(NONE);
    for (const broker of to) connectionOf[broker] = this.open(brokers[broker], end);
    return connectionOf;
  }
}
