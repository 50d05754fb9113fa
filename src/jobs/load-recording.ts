/** What a phase's threads recorded, put together in windows as the formats of other tools have them. */
import type { Histogram } from 'hdr-histogram-js';
import { mergeHistograms } from '../load/histograms.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { ClassRecording } from '../load/messages.ts';
import type { LatencyHistograms, LoadRecording, RecordedWindow } from '../report/load-recording.ts';

/** OMB's. */
const WINDOW_SECONDS = 10;

type Parts = ClassRecording['recording']['latencyParts'];

/** @param readers by producer class: how many consumer groups read its records */
export function loadRecording(load: LoadResult, readers: readonly number[]): LoadRecording {
  const { producers, consumers } = load.recordings;
  const histograms = (isIn: (window: number) => boolean): LatencyHistograms => {
    const merged = (parts: Parts): Histogram =>
      mergeHistograms(parts.filter(({ window }) => isIn(window)).map(({ histogram }) => histogram));
    return {
      publishLatency: merged(producers.flatMap(({ fromSend }) => fromSend)),
      publishDelayLatency: merged(producers.flatMap(({ delay }) => delay)),
      endToEndLatency: merged(consumers.flatMap(({ recording }) => recording.latencyParts)),
    };
  };
  const seconds = Math.ceil(load.durationSeconds);
  const windows: RecordedWindow[] = [];
  let backlog = 0;
  for (let from = 0; from < seconds; from += WINDOW_SECONDS) {
    const to = Math.min(from + WINDOW_SECONDS, seconds);
    const sent = countIn(producers, from, to);
    const toRead = countIn(producers, from, to, ({ classIndex }) => readers[classIndex]);
    const consumed = countIn(consumers, from, to);
    backlog = Math.max(0, backlog + toRead - consumed);
    windows.push({
      ...histograms((window) => window >= from && window < to),
      seconds: Math.min(to, load.durationSeconds) - from,
      sent,
      // Failures are counted over the whole phase; the last window has them.
      failed: to === seconds ? load.counts.recordsFailed : 0,
      consumed,
      backlog,
    });
  }
  return { startedAtMs: load.startedAtMs, windows, total: histograms(() => true) };
}

function countIn(
  parts: readonly ClassRecording[],
  from: number,
  to: number,
  times: (part: ClassRecording) => number = () => 1,
): number {
  return parts.reduce((sum, part) => {
    const records = part.recording.recordsPerWindow.slice(from, to).reduce((all, one) => all + one, 0);
    return sum + records * times(part);
  }, 0);
}
