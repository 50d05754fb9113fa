/**
 * Shards whose events know what caused them: `b` is the event's own number, unique in the run, and `a` the number of the
 * event that scheduled it, NOTHING for those scheduled while the model was built. Some are cancelled, some take no time,
 * some go to another shard, and `c` is now and then what JSON has no word for.
 */
import type { Float64Column } from '../../../src/kernel/columns.ts';
import { type CreateShard, ENTITIES_PER_SHARD } from '../../../src/kernel/parallel/shard.ts';
import { Simulation } from '../../../src/kernel/simulation.ts';

export const LOOKAHEAD_NS = 500;
export const NOTHING = -1;
const ENTITIES = 4;
const STEP = 0;
const NUMBERS_PER_ENTITY = 1_000_000;
const STRANGE = [-0, Number.POSITIVE_INFINITY, 0.1, 7];

export interface CausalInput {
  readonly seed: string;
  readonly shards: number;
  /** When shard 0 fails; null for never. */
  readonly failsAtNs: number | null;
  /** From when on shard 1 draws otherwise; null for never. */
  readonly straysAtNs: number | null;
}

class CausalShard {
  readonly kindNames = ['step', 'echo "twice"', 'alarm'];
  readonly sim: Simulation;
  readonly #input: CausalInput;
  readonly #base: number;
  readonly #streams: readonly number[];
  readonly #made: Float64Column;
  readonly #alarm: Float64Column;

  constructor(input: CausalInput, shard: number) {
    this.#input = input;
    this.#base = shard * ENTITIES_PER_SHARD;
    this.sim = new Simulation({
      seed: `${input.seed}/${shard}`,
      entityBase: this.#base,
      limits: { eventsPending: 10_000, eventsPerInstant: 10_000 },
    });
    const names = Array.from({ length: ENTITIES }, (_, index) => `entity ${index}`);
    const entities = names.map((name) => this.sim.entity(name));
    this.#streams = names.map((name) => this.sim.random.stream(name));
    this.#made = this.sim.columns.float64('made', ENTITIES);
    this.#alarm = this.sim.columns.float64('alarm', ENTITIES);
    this.sim.setModel(this);
    for (const entity of entities) {
      this.#schedule(entity, 100 * this.#draw(entity, 3), entity, 0, NOTHING);
      this.#schedule(entity, 150, entity, 1, NOTHING);
    }
  }

  handle(kind: number, target: number, _cause: number, number: number): void {
    const { failsAtNs, straysAtNs } = this.#input;
    if (failsAtNs !== null && this.#base === 0 && this.sim.nowNs >= failsAtNs)
      throw new Error('out of ideas');
    if (kind !== STEP) return;
    if (straysAtNs !== null && this.#base === ENTITIES_PER_SHARD && this.sim.nowNs >= straysAtNs) {
      this.#draw(target, 2);
    }
    const alarm = this.#alarm.data[target - this.#base];
    if (alarm !== 0) this.sim.cancel(alarm);
    this.#alarm.data[target - this.#base] = this.#schedule(
      target,
      150 * this.#draw(target, 4),
      target,
      2,
      number,
    );
    for (let echo = this.#draw(target, 3); echo > 0; echo -= 1) {
      this.#schedule(
        target,
        100 * this.#draw(target, 2),
        this.#base + this.#draw(target, ENTITIES),
        1,
        number,
      );
    }
    const shard = this.#draw(target, this.#input.shards);
    const other = shard * ENTITIES_PER_SHARD + this.#draw(target, ENTITIES);
    this.#schedule(target, LOOKAHEAD_NS + 100 * this.#draw(target, 3), other, 1, number);
    this.#schedule(target, 100 + 100 * this.#draw(target, 3), target, STEP, number);
  }

  /** Schedules from `from`, the running entity; the handle. */
  #schedule(from: number, delayNs: number, target: number, kind: number, cause: number): number {
    const local = from - this.#base;
    this.#made.data[local] += 1;
    const number = from * NUMBERS_PER_ENTITY + this.#made.data[local];
    const priority = this.#draw(from, 2);
    return this.sim.scheduleTimer(
      delayNs,
      target,
      kind,
      cause,
      number,
      STRANGE[this.#draw(from, 4)],
      0,
      priority,
    );
  }

  #draw(entity: number, below: number): number {
    return this.sim.random.integer(this.#streams[entity - this.#base], below);
  }
}

export const createShard: CreateShard = (input, shard) => {
  const model = new CausalShard(input as CausalInput, shard);
  return { name: `cluster-${shard}`, simulation: model.sim, finish: () => null };
};
