/** The files that `brokertwin load` leaves beside its result: in the formats of HdrHistogram's tools, and of OMB. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { LoadResult } from '../load/load-result.ts';
import { hdrLog, hdrPercentiles } from '../report/hdr-log.ts';
import { LATENCIES } from '../report/load-recording.ts';
import { ombResult } from '../report/omb-result.ts';
import type { OmbFacts } from '../scenario/omb/omb-workload.ts';
import { loadRecording } from './load-recording.ts';
import { writeJson } from './run-directory.ts';

export interface PhaseLoad {
  readonly phase: string;
  readonly load: LoadResult;
}

/** `<phase>.hlog` and a distribution of each latency, `<phase>-publishLatency.hgrm`; returns the files. */
export function writeHistograms(
  directory: string,
  phases: readonly PhaseLoad[],
  readers: readonly number[],
): string[] {
  return phases.flatMap(({ phase, load }) => {
    const recording = loadRecording(load, readers);
    const log = path.join(directory, `${phase}.hlog`);
    writeFileSync(log, hdrLog(recording));
    const distributions = LATENCIES.filter((name) => recording.total[name].totalCount > 0).map((name) => {
      const file = path.join(directory, `${phase}-${name}.hgrm`);
      writeFileSync(file, hdrPercentiles(recording.total[name]));
      return file;
    });
    return [log, ...distributions];
  });
}

/** OMB's result of its one phase, named as OMB names it: `<workload>-<driver>-<time>.json`; returns the file. */
export function writeOmbResult(
  directory: string,
  { load }: PhaseLoad,
  readers: readonly number[],
  facts: OmbFacts,
): string {
  const { subscriptionsPerTopic: _, ...known } = facts;
  const recording = loadRecording(load, readers);
  const time = new Date(load.startedAtMs).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
  const name = `${known.workload}-${known.driver}-${time}.json`.replaceAll(/[^\w.-]+/g, '-');
  return writeJson(directory, name, ombResult({ facts: known, recording }));
}
