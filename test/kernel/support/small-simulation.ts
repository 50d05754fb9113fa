import { type Limits, Simulation } from '../../../src/kernel/simulation.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';

/** An event as the model received it. */
export interface Handled {
  readonly nowNs: number;
  readonly kind: number;
  readonly target: number;
  readonly a: number;
  readonly b: number;
}

export interface SmallSimulation {
  readonly sim: Simulation;
  readonly handled: readonly Handled[];
  /** Hash of all that happened so far. */
  hash(): string;
}

export const KINDS = ['ping', 'pong', 'stop'] as const;
const LIMITS: Limits = { eventsPending: 10_000, eventsPerInstant: 1000 };

/** A simulation with these entities, numbered from 0, whose model writes down its events and then calls `react`. */
export function smallSimulation(
  entities: readonly string[],
  react: (event: Handled, sim: Simulation) => void = () => undefined,
  limits: Partial<Limits> = {},
): SmallSimulation {
  const sim = new Simulation({ seed: '7', entityBase: 0, limits: { ...LIMITS, ...limits } });
  for (const entity of entities) sim.entity(entity);
  const handled: Handled[] = [];
  sim.setModel({
    kindNames: KINDS,
    handle(kind, target, a, b) {
      const event = { nowNs: sim.nowNs, kind, target, a, b };
      handled.push(event);
      react(event, sim);
    },
  });
  return { sim, handled, hash: () => foldChains([sim.hashChains()]) };
}
