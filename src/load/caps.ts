/**
 * What a whole run may do to a cluster at most, whatever its scenario says. A paced phase with a higher rate is refused; in
 * a saturating one the cap holds the rate. Every producer client has a fixed share of both, so that no thread has to ask
 * another: of the rate an equal one, of the bytes one by what the phase plans for its class. When the first client
 * has used up its bytes the run ends, for the load would no longer be what the scenario says.
 */
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { plannedLoad, plannedRecords, recordBytes } from './planned-load.ts';
import type { LoadRefusal } from './refusals.ts';

export interface Caps {
  /** Over all producers; null for no cap. */
  readonly recordsPerSecond: number | null;
  /** Keys, values and headers that producers make in the whole run, before compression and replication; null for no cap. */
  readonly bytes: number | null;
}

export const NO_CAPS: Caps = { recordsPerSecond: null, bytes: null };

/** Of one producer client in one phase; null for no cap. */
export interface ClientCaps {
  readonly recordsPerSecond: number | null;
  readonly bytes: number | null;
}

/** The caps of a run, and what is left of them. */
export class RunCaps {
  readonly caps: Caps;
  #bytesMade = 0;

  constructor(caps: Caps) {
    this.caps = caps;
  }

  /** By producer class of the scenario. */
  ofClients(scenario: Scenario, phase: Phase): ClientCaps[] {
    const { producers } = scenario;
    const { recordsPerSecond, bytes } = this.caps;
    const clients = producers.reduce((sum, { count }) => sum + count, 0);
    const weights = producers.map((producer) =>
      phase.load === 'max' ? producer.count : plannedRecords(producer.rate, phase) * recordBytes(producer),
    );
    const weight = weights.reduce((sum, one) => sum + one, 0);
    return producers.map(({ count }, index) => ({
      recordsPerSecond: recordsPerSecond === null || phase.load !== 'max' ? null : recordsPerSecond / clients,
      bytes:
        bytes === null || weight === 0
          ? null
          : (Math.max(0, bytes - this.#bytesMade) * weights[index]) / weight / count,
    }));
  }

  made(bytes: number): void {
    this.#bytesMade += bytes;
  }

  get bytesMade(): number {
    return this.#bytesMade;
  }
}

/** Paced phases whose rate is above the cap. */
export function capRefusals(scenario: Scenario, { recordsPerSecond: cap }: Caps): LoadRefusal[] {
  if (cap === null) return [];
  return scenario.run.phases.flatMap((phase, index) => {
    const { recordsPerSecondMax } = plannedLoad(scenario, phase);
    return recordsPerSecondMax === null || recordsPerSecondMax <= cap
      ? []
      : [
          {
            path: ['run', 'phases', index],
            message: `phase ${phase.name}: expected producers to send at most ${count(cap)} records/s together (--max-rate), found up to ${count(recordsPerSecondMax)} records/s; lower their rates or the phase's load, or raise --max-rate`,
          },
        ];
  });
}

/** What the caps did to a phase, one clause each. */
export function capAssumptions(
  { caps, bytesMade }: RunCaps,
  scenario: Scenario,
  phase: Phase,
  reached: boolean,
): string[] {
  const clients = scenario.producers.reduce((sum, producer) => sum + producer.count, 0);
  return [
    ...(caps.recordsPerSecond !== null && phase.load === 'max'
      ? [
          `--max-rate held the rate at ${count(caps.recordsPerSecond)} records/s at most, an equal part for each of ${clients} producer clients, so that the throughput is not what the cluster takes`,
        ]
      : []),
    ...(reached ? [`it ended early: ${byteCapReached({ caps, bytesMade })}`] : []),
  ];
}

/** A clause. */
export function byteCapReached({ caps, bytesMade }: Pick<RunCaps, 'caps' | 'bytesMade'>): string {
  return `producers had made ${count(bytesMade)} of the ${count(caps.bytes ?? 0)} bytes that --max-bytes allows`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
