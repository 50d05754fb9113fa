/**
 * The files of HdrHistogram's own tools: interval logs (`.hlog`, log format 1.3) and percentile distributions (`.hgrm`).
 * Histograms hold microseconds; maxima of a log and values of a distribution are milliseconds.
 */
import { type Histogram, HistogramLogWriter } from 'hdr-histogram-js';
import { LATENCIES, type LoadRecording } from './load-recording.ts';

const US_PER_MS = 1000;
const MS_PER_SECOND = 1000;
/** What HdrHistogram's own tools write. */
const TICKS_PER_HALF_DISTANCE = 5;

/** An interval log with a line for each window and latency, whose tag is the latency's name: `Tag=publishLatency`. */
export function hdrLog({ startedAtMs, windows }: LoadRecording): string {
  const lines: string[] = [];
  const writer = new HistogramLogWriter((line) => lines.push(line));
  const startedAt = (startedAtMs / MS_PER_SECOND).toFixed(3);
  writer.outputComment('[Logged with brokertwin; values in microseconds, maxima in milliseconds]');
  writer.outputLogFormatVersion();
  // The package's own outputStartTime writes the date in the zone and words of this machine, and an empty line.
  writer.outputComment(
    `[StartTime: ${startedAt} (seconds since epoch), ${new Date(startedAtMs).toISOString()}]`,
  );
  writer.outputComment(`[BaseTime: ${startedAt} (seconds since epoch)]`);
  writer.outputLegend();
  let startSeconds = 0;
  for (const window of windows) {
    const endSeconds = startSeconds + window.seconds;
    for (const name of LATENCIES) {
      writer.outputIntervalHistogram(window[name], startSeconds, endSeconds, US_PER_MS);
      // A tag that the histogram itself carries is not the latency's.
      const line = lines.pop()?.replace(/^Tag=[^,]*,/, '') ?? '';
      lines.push(`Tag=${name},${line}`);
    }
    startSeconds = endSeconds;
  }
  return lines.join('');
}

/** The percentile distribution of a histogram of microseconds, in milliseconds. */
export function hdrPercentiles(histogram: Histogram): string {
  return histogram.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, US_PER_MS);
}
