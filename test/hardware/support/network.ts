/** Hosts with flows between them, and nothing else: for the tests of networks. */
import type { Flow } from '../../../src/hardware/flow-ends.ts';
import { type HostNic, type LinkLine, NIC_RULES, type NicRules, Nics } from '../../../src/hardware/nic.ts';
import { Simulation } from '../../../src/kernel/simulation.ts';

const ARRIVAL = 0;
const GO_ON = 1;
const EVENTS_MAX = 100_000;
const NO_BUFFERS = {
  sendBufferBytes: Number.POSITIVE_INFINITY,
  receiveBufferBytes: Number.POSITIVE_INFINITY,
};

export type Route = readonly [from: number, to: number];

interface Arrival {
  readonly flow: number;
  readonly message: number;
  readonly atNs: number;
}

/** Hosts, and a flow for each route; the entity of a flow's receiver says which flow a message came by. */
export class Network {
  readonly nics: Nics;
  readonly sim: Simulation;
  readonly arrivals: Arrival[] = [];
  onArrival: ((flow: number, message: number) => void) | null = null;
  /** Messages that came to count as sent after they were handed over, and when. */
  readonly sent: (readonly [message: number, atNs: number])[] = [];

  constructor(
    hosts: readonly HostNic[],
    routes: readonly Route[],
    rules: Partial<NicRules> = {},
    way: Partial<Flow> = {},
    links: readonly LinkLine[] = [],
  ) {
    const { arrivals } = this;
    this.sim = new Simulation({
      seed: '7',
      entityBase: 0,
      limits: { eventsPending: EVENTS_MAX, eventsPerInstant: EVENTS_MAX },
    });
    const flows = routes.map(([from, to], index) => {
      const entity = this.sim.entity(`flow ${index}`);
      return { from, to, ...NO_BUFFERS, ...way, sender: entity, receiver: entity, kind: ARRIVAL };
    });
    this.nics = new Nics({
      sim: this.sim,
      hosts,
      flows,
      links,
      goOnKind: GO_ON,
      rules: { ...NIC_RULES, ...rules },
    });
    this.sim.setModel({
      kindNames: ['arrival', 'goOn'],
      handle: (kind, target, message) => {
        if (kind === GO_ON) {
          const sent = this.nics.goOn(message);
          if (sent >= 0) this.sent.push([sent, this.sim.nowNs]);
        } else {
          arrivals.push({ flow: target, message, atNs: this.sim.nowNs });
          this.onArrival?.(target, message);
        }
      },
    });
  }

  /** When the last byte of a message is in, if nothing else is sent before. */
  send(flow: number, bytes: number): number {
    this.nics.send(flow, bytes, 0);
    this.settle();
    return this.arrivals[this.arrivals.length - 1].atNs;
  }

  settle(): void {
    this.sim.run(this.sim.nowNs + 60e9);
  }
}
