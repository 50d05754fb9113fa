/**
 * Timers of requests: each request sets one for 1 to 30 s, its answer takes it back, and one request in a hundred is
 * never answered in time. A client polls every 0.9 ms and then sends and gets answers for 100 requests; answers come in
 * random order, 0.9 s after the request on average, so that 1 % of the timers fire.
 *
 *   fired share = E[exp(-timer / 0.9 s)] for a timer uniform in 1 to 30 s = 1 %
 *
 * One operation is setting a timer and taking one back. Simulated time moves on as it does for the requests.
 */
import { Columns, type Float64Column } from '../../../src/kernel/columns.ts';
import { Random } from '../../../src/kernel/random.ts';
import { type Model, Simulation } from '../../../src/kernel/simulation.ts';
import { NS_PER_SECOND, roundNs } from '../../../src/kernel/time.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';
import { type Outcome, runProgram, timed } from '../program.ts';

const POLL = 0;
const EXPIRE = 1;
const ANSWER_MEAN_NS = 0.9 * NS_PER_SECOND;
const DELAY_MIN_NS = NS_PER_SECOND;
const DELAY_MAX_NS = 30 * NS_PER_SECOND;
const REQUESTS_PER_POLL = 100;
/** Draws are made beforehand, so that timers are measured and not a generator; taken round and round. */
const DRAWS = 1_048_576;
const DRAW_MASK = DRAWS - 1;
const FIRED_SHARE_MIN = 0.005;
const FIRED_SHARE_MAX = 0.015;
const OPERATIONS_TO_CHECK = 1_000_000;

class Requests implements Model {
  readonly kindNames = ['poll', 'expire'];
  readonly sim: Simulation;
  readonly #client: number;
  readonly #pollNs: number;
  readonly #delaysNs: Float64Array;
  /** Which request is answered next, as the place of its handle. */
  readonly #answered: Int32Array;
  readonly #handles: Float64Column;
  #sent = 0;
  fired = 0;

  constructor(pending: number) {
    this.sim = new Simulation({
      seed: 'bench',
      entityBase: 0,
      limits: { eventsPending: 4 * pending + 1_000, eventsPerInstant: 1_000_000 },
    });
    this.#client = this.sim.entity('client');
    this.#pollNs = roundNs((ANSWER_MEAN_NS / pending) * REQUESTS_PER_POLL);
    const random = new Random(new Columns(), 'bench');
    const delays = random.stream('delays');
    this.#delaysNs = Float64Array.from(
      { length: DRAWS },
      () => DELAY_MIN_NS + random.integer(delays, DELAY_MAX_NS - DELAY_MIN_NS + 1),
    );
    const answers = random.stream('answers');
    this.#answered = Int32Array.from({ length: DRAWS }, () => random.integer(answers, pending));
    this.#handles = this.sim.columns.float64('handles', pending);
    this.sim.setModel(this);
    for (let place = 0; place < pending; place += 1) this.#send(place);
    this.sim.schedule(this.#pollNs, this.#client, POLL);
  }

  handle(kind: number): void {
    switch (kind) {
      case POLL:
        this.sim.schedule(this.#pollNs, this.#client, POLL);
        this.#exchange();
        break;
      case EXPIRE:
        this.fired += 1;
        break;
    }
  }

  run(operations: number): void {
    const polls = Math.ceil(operations / REQUESTS_PER_POLL);
    this.sim.run(this.sim.nowNs + polls * this.#pollNs);
  }

  #exchange(): void {
    for (let request = 0; request < REQUESTS_PER_POLL; request += 1) {
      const place = this.#answered[this.#sent & DRAW_MASK];
      this.sim.cancel(this.#handles.data[place]);
      this.#send(place);
    }
  }

  #send(place: number): void {
    const delayNs = this.#delaysNs[this.#sent & DRAW_MASK];
    this.#sent += 1;
    this.#handles.data[place] = this.sim.scheduleTimer(delayNs, this.#client, EXPIRE, place);
  }
}

await runProgram(
  ['pending', 'operationsWarmUp', 'operations'],
  ({ pending, operationsWarmUp, operations }): Outcome => {
    const requests = new Requests(pending);
    requests.run(operationsWarmUp);
    requests.fired = 0;
    const { seconds } = timed(() => requests.run(operations));
    const firedShare = requests.fired / operations;
    if (
      operations >= OPERATIONS_TO_CHECK &&
      !(firedShare > FIRED_SHARE_MIN && firedShare < FIRED_SHARE_MAX)
    ) {
      throw new Error(`${firedShare * 100} % of the timers fired: expected 1 %`);
    }
    return {
      values: { operationsPerSecond: operations / seconds },
      checksum: foldChains([requests.sim.hashChains()]),
      common: null,
    };
  },
);
