import type { Float64Column } from '../../../src/kernel/columns.ts';
import { Fifos } from '../../../src/kernel/fifo.ts';
import { Simulation } from '../../../src/kernel/simulation.ts';
import { Table } from '../../../src/kernel/table.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';

const STEP = 0;
const WORK = 1;
const ALARM = 2;
const PENDING_MAX = 30;

/**
 * Entities that draw what they do next: schedule, cancel, queue up, take rows; all of the kernel's state is in use.
 * Every event's time is kept in `timesNs`.
 */
export class RandomModel {
  readonly kindNames = ['step', 'work', 'alarm'];
  readonly sim: Simulation;
  readonly timesNs: number[] = [];
  readonly #entities: number;
  readonly #streams: readonly number[];
  readonly #alarm: Float64Column;
  readonly #pending: Float64Column;
  readonly #waiting: Fifos;
  readonly #jobs: Table;
  readonly #size: Float64Column;

  constructor(seed: string, entities: number) {
    this.sim = new Simulation({
      seed,
      entityBase: 0,
      limits: { eventsPending: 5000, eventsPerInstant: 5000 },
    });
    this.#entities = entities;
    this.#streams = Array.from({ length: entities }, (_, index) => {
      this.sim.entity(`entity ${index}`);
      return this.sim.random.stream(`entity ${index}`);
    });
    this.#alarm = this.sim.columns.float64('model/alarm', entities);
    this.#pending = this.sim.columns.float64('model/pending', 1);
    this.#waiting = new Fifos(this.sim.columns, 'model/waiting', entities, 100_000);
    this.#jobs = new Table(this.sim.columns, 'model/jobs', 2, 100_000);
    this.#size = this.#jobs.float64('size');
    this.sim.setModel(this);
    for (let entity = 0; entity < entities; entity += 1) this.#schedule(entity, entity, STEP, 0);
  }

  hash(): string {
    return foldChains([this.sim.hashChains()]);
  }

  handle(kind: number, target: number, a: number): void {
    this.timesNs.push(this.sim.nowNs);
    this.#pending.data[0] -= 1;
    if (kind === STEP) this.#step(target);
    else if (kind === WORK) this.#work(target, a);
    else this.#alarm.data[target] = 0;
  }

  #step(target: number): void {
    const stream = this.#streams[target];
    const { random } = this.sim;
    this.#schedule(random.integer(stream, 6), target, STEP, 0);
    if (this.#pending.data[0] < PENDING_MAX) {
      const job = this.#jobs.take();
      this.#size.data[job] = random.exponential(stream, 5);
      this.#waiting.push(target, job);
      this.#schedule(random.integer(stream, 4), random.integer(stream, this.#entities), WORK, target);
    }
    if (this.#alarm.data[target] !== 0 && this.sim.cancel(this.#alarm.data[target]))
      this.#pending.data[0] -= 1;
    this.#alarm.data[target] = this.#schedule(2 + random.integer(stream, 6), target, ALARM, 0);
  }

  #work(target: number, from: number): void {
    if (this.#waiting.length(from) === 0) return;
    const job = this.#waiting.shift(from);
    const size = this.#size.data[job];
    this.#jobs.give(job);
    if (size > 2) this.#schedule(size, from, WORK, target);
  }

  #schedule(delayNs: number, target: number, kind: number, a: number): number {
    this.#pending.data[0] += 1;
    return this.sim.scheduleTimer(delayNs, target, kind, a);
  }
}
