/**
 * A broker's metrics as they were read, one after the other. A broker that is restarted begins another life: its counters start
 * from zero, and what the last life counted after its last read is lost.
 */
import { type MBeanRead, type MBeanValues, mbeanKey } from './jolokia.ts';
import type { Reading } from './windows.ts';

/** One read of a broker's metrics. */
export interface BrokerReading extends Reading {
  readonly values: MBeanValues;
}

/** A read that failed. */
export interface FailedRead {
  readonly atMs: number;
  readonly problem: string;
}

/** What lies between two reads of one life; `from` is empty for a life that began while watched. */
export interface Life {
  readonly from: MBeanValues;
  readonly to: MBeanValues;
}

const RUNTIME = 'java.lang:type=Runtime';

/** What to read for `readingOf`. */
export const LIFE_READS: readonly MBeanRead[] = [{ mbean: RUNTIME, attributes: ['StartTime', 'Uptime'] }];

/** @param atMs when the values were true */
export function readingOf(atMs: number, values: MBeanValues): BrokerReading {
  const { StartTime = 0, Uptime = atMs } = values.get(mbeanKey(RUNTIME)) ?? {};
  return { atMs, life: String(StartTime), bornAtMs: atMs - Uptime, values };
}

/** The lives that a broker's reads show, in order; watching began at `beginMs`. */
export function livesOf(readings: readonly BrokerReading[], beginMs: number): Life[] {
  const ids = [...new Set(readings.map(({ life }) => life))];
  return ids.map((id) => {
    const own = readings.filter(({ life }) => life === id);
    const [first] = own;
    const isNew = first.bornAtMs !== null && first.bornAtMs >= beginMs;
    return { from: isNew ? new Map() : first.values, to: own[own.length - 1].values };
  });
}

/** What of a broker's metrics is missing or lost, one sentence each. */
export function gapsOf(
  broker: number,
  reads: readonly (BrokerReading | FailedRead)[],
  beginMs: number,
): string[] {
  const readings = reads.filter((read) => 'values' in read);
  const failed = reads.filter((read) => 'problem' in read);
  if (readings.length === 0) return [`metrics of broker ${broker} are unknown: ${failed[0]?.problem ?? ''}`];
  const after = (atMs: number): string => `${((atMs - beginMs) / 1000).toFixed(1)} s`;
  const gaps = runsOfFailures(reads).map((run) => {
    const [first] = run;
    const last = run[run.length - 1];
    const when =
      run.length === 1 ? `after ${after(first.atMs)}` : `from ${after(first.atMs)} to ${after(last.atMs)}`;
    return `broker ${broker} gave no metrics ${when}: ${first.problem}`;
  });
  const restarts = readings.slice(1).flatMap((reading, index) => {
    const before = readings[index];
    if (before.life === reading.life) return [];
    return [
      `broker ${broker} was started anew ${after(reading.bornAtMs ?? reading.atMs)} after the begin: what it counted after ${after(before.atMs)} is lost`,
    ];
  });
  return [...gaps, ...restarts];
}

function runsOfFailures(reads: readonly (BrokerReading | FailedRead)[]): FailedRead[][] {
  const runs: FailedRead[][] = [];
  reads.forEach((read, index) => {
    if (!('problem' in read)) return;
    const previous = reads[index - 1];
    if (previous !== undefined && 'problem' in previous) runs[runs.length - 1].push(read);
    else runs.push([read]);
  });
  return runs;
}
