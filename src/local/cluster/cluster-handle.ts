/**
 * A cluster in our hands: its record, kept on disk at every change, and the jars of its versions. Operations overlap: whoever
 * changes a list of the record takes it as it is at that moment.
 */
import type { MachineLimits } from '../hosts/machine.ts';
import { type KafkaJars, obtainKafkaJars } from '../kafka/jars.ts';
import { type ClusterRecord, machineOf, type NodeRecord } from './record.ts';
import { saveCluster } from './state.ts';

export class ClusterHandle {
  #record: ClusterRecord;
  readonly #jars = new Map<string, KafkaJars>();
  readonly progress: (message: string) => void;

  constructor(record: ClusterRecord, progress: (message: string) => void) {
    this.#record = record;
    this.progress = progress;
  }

  get record(): ClusterRecord {
    return this.#record;
  }

  /** Replaces the record, here and on disk. */
  change(changes: Partial<ClusterRecord>): void {
    this.#record = { ...this.#record, ...changes };
    saveCluster(this.#record);
  }

  changeNode(id: number, changes: Partial<NodeRecord>): void {
    this.change({
      nodes: this.#record.nodes.map((node) => (node.id === id ? { ...node, ...changes } : node)),
    });
  }

  changeLimits(machine: string, changes: Partial<MachineLimits>): void {
    this.change({
      machines: this.#record.machines.map((other) =>
        other.name === machine ? { ...other, limits: { ...other.limits, ...changes } } : other,
      ),
    });
  }

  /** @throws Error when there is no such node */
  node(id: number): NodeRecord {
    const found = this.#record.nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`cluster ${this.#record.name} has no node ${id}`);
    return found;
  }

  machine(node: Pick<NodeRecord, 'machine'>): ReturnType<typeof machineOf> {
    return machineOf(this.#record, node);
  }

  /** @throws UserError when the jars of a version cannot be had */
  async jars(version: string, signal?: AbortSignal): Promise<KafkaJars> {
    const known = this.#jars.get(version);
    if (known !== undefined) return known;
    const jars = await obtainKafkaJars({ version, progress: this.progress, signal });
    this.#jars.set(version, jars);
    return jars;
  }
}
