/**
 * Every figure of the benchmark: by which program it is measured, and what it has to reach against whom.
 *
 *   Figure ─► Program (ours)            one process a round; programs that several figures share run once
 *      └────► Goal ─► Program (a peer's), or none: then the goal is that of the value
 */
import type { Input } from './program.ts';

export type Side = 'ours' | PeerName | 'kafka' | 'library';
export type PeerName = 'nexosim' | 'simpy';

export interface Program {
  readonly side: Side;
  /** For messages. */
  readonly name: string;
  /** In `figures/` or the peer's folder; nexosim's only program has none. */
  readonly file: string;
  readonly input: Input;
  /** So small that it takes a moment, to see that it works; null for the peers'. */
  readonly smokeInput: Input | null;
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly program: Program;
  /** Which of the program's values it is; a peer's program has one of the same name. */
  readonly value: string;
  readonly better: 'higher' | 'lower';
  readonly goals: readonly Goal[];
}

export interface Goal {
  readonly against: Program | null;
  /** Of our value by the peer's, or of our value where there is no peer; null when it is only reported. */
  readonly bound: number | null;
}

/** Of the peers, too: afterwards simulated time is the same on all sides. */
const EVENTS_COMMON = 100_000;
const PENDING_SMOKE = 10_000;

function ours(name: string, file: string, input: Input, smokeInput: Input): Program {
  return { side: 'ours', name, file, input, smokeInput };
}

function peer(side: PeerName, name: string, file: string, input: Input): Program {
  return { side, name, file, input, smokeInput: null };
}

function bareQueue(pending: number, eventsWarmUp: number, events: number): Program {
  return ours(
    `queue-${pending}`,
    'queue.ts',
    { pending, eventsCommon: EVENTS_COMMON, eventsWarmUp, events },
    { pending: Math.min(pending, PENDING_SMOKE), eventsCommon: 1_000, eventsWarmUp: 1_000, events: 1_000 },
  );
}

function hold(pending: number, entities: number, eventsWarmUp: number, events: number): Program {
  return ours(
    `hold-${pending}`,
    'hold.ts',
    { pending, entities, eventsWarmUp, events },
    { pending: Math.min(pending, PENDING_SMOKE), entities: 100, eventsWarmUp: 1_000, events: 1_000 },
  );
}

function peerHold(side: PeerName, pending: number, eventsWarmUp: number, events: number): Program {
  const input = { pending, eventsCommon: EVENTS_COMMON, eventsWarmUp, events };
  return peer(side, `${side} hold-${pending}`, side === 'simpy' ? 'hold.py' : '', input);
}

const nexosim100 = peerHold('nexosim', 100, 500_000, 6_000_000);
const nexosim10000 = peerHold('nexosim', 10_000, 300_000, 1_200_000);
const simpy100 = peerHold('simpy', 100, 50_000, 1_500_000);
const simpy10000 = peerHold('simpy', 10_000, 50_000, 600_000);
const simpyMm1 = peer('simpy', 'simpy mm1', 'mm1.py', { customersWarmUp: 20_000, customers: 150_000 });

const allocation = ours(
  'allocation',
  'allocation.ts',
  { pending: 10_000, entities: 10_000, eventsWarmUp: 2_000_000, events: 10_000_000 },
  { pending: 100, entities: 100, eventsWarmUp: 1_000, events: 1_000 },
);
const checkpoint = ours(
  'checkpoint',
  'checkpoint.ts',
  { pending: 1_000_000, entities: 10_000, eventsBetween: 100_000 },
  { pending: 1_000, entities: 100, eventsBetween: 1_000 },
);

function perSecond(
  name: string,
  unit: string,
  program: Program,
  ...goals: readonly (readonly [against: Program | null, bound: number | null])[]
): Figure {
  return {
    name,
    unit: `${unit}/s`,
    program,
    value: `${unit}PerSecond`,
    better: 'higher',
    goals: goals.map(([against, bound]) => ({ against, bound })),
  };
}

/** Figures and programs are measured in this order, so that what is compared runs one after the other. */
export const FIGURES: readonly Figure[] = [
  perSecond('queue-100', 'events', bareQueue(100, 2_000_000, 20_000_000), [nexosim100, 5], [simpy100, null]),
  perSecond(
    'hold-100',
    'events',
    hold(100, 100, 1_000_000, 10_000_000),
    [nexosim100, null],
    [simpy100, null],
  ),
  perSecond(
    'queue-10000',
    'events',
    bareQueue(10_000, 2_000_000, 12_000_000),
    [nexosim10000, 12],
    [simpy10000, 30],
  ),
  perSecond(
    'hold-10000',
    'events',
    hold(10_000, 10_000, 1_000_000, 6_000_000),
    [nexosim10000, 8],
    [simpy10000, 20],
  ),
  perSecond('queue-1000000', 'events', bareQueue(1_000_000, 3_000_000, 6_000_000), [null, 2_000_000]),
  perSecond('hold-1000000', 'events', hold(1_000_000, 100_000, 2_000_000, 3_000_000), [null, null]),
  perSecond(
    'mm1',
    'customers',
    ours(
      'mm1',
      'mm1.ts',
      { customersWarmUp: 300_000, customers: 5_000_000 },
      { customersWarmUp: 500, customers: 500 },
    ),
    [simpyMm1, 30],
  ),
  perSecond(
    'timers',
    'operations',
    ours(
      'timers',
      'timers.ts',
      { pending: 100_000, operationsWarmUp: 2_000_000, operations: 10_000_000 },
      { pending: 1_000, operationsWarmUp: 1_000, operations: 1_000 },
    ),
    [null, 5_000_000],
  ),
  {
    name: 'allocation',
    unit: 'bytes',
    program: allocation,
    value: 'heapGrowthBytes',
    better: 'lower',
    goals: [{ against: null, bound: 1_048_576 }],
  },
  {
    name: 'allocation-scavenges',
    unit: 'scavenges',
    program: allocation,
    value: 'scavenges',
    better: 'lower',
    goals: [{ against: null, bound: null }],
  },
  {
    name: 'parallel-2',
    unit: 'x',
    program: ours(
      'parallel-2',
      'parallel.ts',
      { entitiesPerShard: 5_000, eventsPerWindow: 5_000, events: 8_000_000, secondsMax: 60 },
      { entitiesPerShard: 100, eventsPerWindow: 100, events: 10_000, secondsMax: 60 },
    ),
    value: 'speedUp',
    better: 'higher',
    goals: [{ against: null, bound: 1.6 }],
  },
  {
    name: 'parallel-break-even',
    unit: 'events/window',
    program: ours(
      'parallel-break-even',
      'parallel-break-even.ts',
      {
        entitiesPerShard: 1_000,
        eventsPerWindowMin: 1,
        eventsPerWindowMax: 10_000,
        steps: 6,
        events: 3_000_000,
        secondsMax: 10,
      },
      {
        entitiesPerShard: 100,
        eventsPerWindowMin: 100,
        eventsPerWindowMax: 500,
        steps: 2,
        events: 10_000,
        secondsMax: 60,
      },
    ),
    value: 'eventsPerWindow',
    better: 'lower',
    goals: [{ against: null, bound: null }],
  },
  {
    name: 'checkpoint',
    unit: 's',
    program: checkpoint,
    value: 'checkpointSeconds',
    better: 'lower',
    goals: [{ against: null, bound: 0.5 }],
  },
  {
    name: 'restore',
    unit: 's',
    program: checkpoint,
    value: 'restoreSeconds',
    better: 'lower',
    goals: [{ against: null, bound: null }],
  },
];
