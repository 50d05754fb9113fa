/**
 * The hold model through the kernel's public API, with all laws on: entities that work and rest in turn, for exponential
 * times drawn from a random stream of their own; a `switch` on the kind, the total order, a hash chain each.
 */
import { type Model, Simulation } from '../../../src/kernel/simulation.ts';
import { NS_PER_SECOND } from '../../../src/kernel/time.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';

const WORK = 0;
const REST = 1;

export class HoldModel implements Model {
  readonly kindNames = ['work', 'rest'];
  readonly sim: Simulation;
  readonly #streams: Int32Array;

  /** @param pending events that are always pending, spread evenly over the entities */
  constructor({ pending, entities }: { readonly pending: number; readonly entities: number }) {
    this.sim = new Simulation({
      seed: 'bench',
      entityBase: 0,
      limits: { eventsPending: pending + 1, eventsPerInstant: 1_000_000 },
    });
    this.#streams = new Int32Array(entities);
    for (let entity = 0; entity < entities; entity += 1) {
      this.sim.entity(`holder ${entity}`);
      this.#streams[entity] = this.sim.random.stream(`holder ${entity}`);
    }
    this.sim.setModel(this);
    for (let event = 0; event < pending; event += 1) this.#follow(event % entities, WORK, 0);
  }

  handle(kind: number, target: number, turns: number): void {
    switch (kind) {
      case WORK:
        this.#follow(target, REST, turns);
        break;
      case REST:
        this.#follow(target, WORK, turns + 1);
        break;
    }
  }

  /** Handles exactly so many events. */
  run(events: number): void {
    this.sim.run(Number.MAX_SAFE_INTEGER, events);
  }

  hash(): string {
    return foldChains([this.sim.hashChains()]);
  }

  #follow(target: number, kind: number, turns: number): void {
    this.sim.schedule(this.sim.random.exponential(this.#streams[target], NS_PER_SECOND), target, kind, turns);
  }
}
