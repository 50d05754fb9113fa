/** What a load generator recorded of a run, as the formats of other tools tell it; plain data and histograms. */
import type { Histogram } from 'hdr-histogram-js';

/** HdrHistograms of whole microseconds; one without samples where nothing was recorded. */
export interface LatencyHistograms {
  /** From the moment a record was sent to its acknowledgement. */
  readonly publishLatency: Histogram;
  /** From the moment a record was due to the moment it was sent. */
  readonly publishDelayLatency: Histogram;
  /** To the consumer, from the moment a record was sent (OMB) or was due (with the publish delay); each group counts. */
  readonly endToEndLatency: Histogram;
}

export interface RecordedWindow extends LatencyHistograms {
  readonly seconds: number;
  /** Records acknowledged. */
  readonly sent: number;
  readonly failed: number;
  /** Records that consumers received, of all groups. */
  readonly consumed: number;
  /** Records that groups have still to receive at the end of the window, over all groups. */
  readonly backlog: number;
}

export interface LoadRecording {
  /** When the first window begins, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** One after the other, without gaps; OMB's are of 10 s. */
  readonly windows: readonly RecordedWindow[];
  /** Of all windows together. */
  readonly total: LatencyHistograms;
}

/** In the order in which the formats have them. */
export const LATENCIES = ['publishLatency', 'publishDelayLatency', 'endToEndLatency'] as const;
