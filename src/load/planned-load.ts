/**
 * What a phase asks of its producers before anything is sent: records are integrals of the rates (schedule.ts), bytes those
 * times the mean of a record's key, value and headers, before compression and replication.
 */
import type { Phase, ProducerClass, Rate, Scenario, Size } from '../scenario/scenario.ts';

const MS_PER_SECOND = 1000;
const DAY_SECONDS = 86_400;
/** A lognormal's p99 is the median times e to the power of this many sigmas. */
const SIGMAS_AT_P99 = 2.3263478740408408;

/** Of the warm-up and the measured part together. Null: as many as the cluster takes. */
export interface PlannedLoad {
  readonly records: number | null;
  readonly bytes: number | null;
  /** The highest that the rates come to; of Poisson's the mean. */
  readonly recordsPerSecondMax: number | null;
  /** Warm-up and measured part. */
  readonly seconds: number;
}

export function plannedLoad({ producers }: Scenario, phase: Phase): PlannedLoad {
  const seconds = secondsOf(phase);
  if (phase.load === 'max') return { records: null, bytes: null, recordsPerSecondMax: null, seconds };
  const classes = producers.map((producer) => ({
    records: plannedRecords(producer.rate, phase),
    bytes: recordBytes(producer),
    peak: peakRate(producer.rate, phase),
  }));
  return {
    records: classes.reduce((sum, { records }) => sum + records, 0),
    bytes: classes.reduce((sum, { records, bytes }) => sum + records * bytes, 0),
    recordsPerSecondMax: classes.reduce((sum, { peak }) => sum + peak, 0),
    seconds,
  };
}

/** Of one class in a paced phase. */
export function plannedRecords(rate: Rate, phase: Phase): number {
  return pieces(rate, phase).reduce((sum, { from, to, seconds }) => sum + ((from + to) / 2) * seconds, 0);
}

/** Mean bytes of a record's key, value and headers. */
export function recordBytes({ record }: ProducerClass): number {
  return meanBytes(record.value) + (record.key?.bytes ?? 0) + record.headersBytes;
}

function peakRate(rate: Rate, phase: Phase): number {
  return Math.max(0, ...pieces(rate, phase).flatMap(({ from, to }) => [from, to]));
}

/** A stretch of the phase in which the rate goes in a line, records/s. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly seconds: number;
}

/** Diurnal rates in lines of about a minute, which bend off the curve by less than a millionth. */
const DIURNAL_SECONDS_MAX = 60;

function pieces(rate: Rate, phase: Phase): Piece[] {
  const load = phase.load === 'max' ? 1 : phase.load;
  const seconds = secondsOf(phase);
  switch (rate.kind) {
    case 'constant':
    case 'poisson': {
      const perSecond = rate.recordsPerSecond * load;
      return [{ from: perSecond, to: perSecond, seconds }];
    }
    case 'piecewise':
      return piecewise(rate.segments, load, phase);
    case 'diurnal': {
      const count = Math.max(1, Math.ceil(seconds / DIURNAL_SECONDS_MAX));
      const at = (piece: number): number => diurnalRate(rate, (seconds * piece) / count) * load;
      return Array.from({ length: count }, (_, piece) => ({
        from: at(piece),
        to: at(piece + 1),
        seconds: seconds / count,
      }));
    }
  }
}

function piecewise(
  segments: Extract<Rate, { kind: 'piecewise' }>['segments'],
  load: number,
  { warmupMs, durationMs }: Phase,
): Piece[] {
  const first = segments[0].fromRecordsPerSecond * load;
  const last = segments[segments.length - 1].toRecordsPerSecond * load;
  const found: Piece[] = [{ from: first, to: first, seconds: warmupMs / MS_PER_SECOND }];
  let leftMs = durationMs;
  for (const segment of segments) {
    const playedMs = Math.min(leftMs, segment.durationMs);
    const [from, to] = [segment.fromRecordsPerSecond * load, segment.toRecordsPerSecond * load];
    const end = from + ((to - from) * playedMs) / segment.durationMs;
    if (playedMs > 0) found.push({ from, to: end, seconds: playedMs / MS_PER_SECOND });
    leftMs -= playedMs;
  }
  return leftMs > 0 ? [...found, { from: last, to: last, seconds: leftMs / MS_PER_SECOND }] : found;
}

function diurnalRate(rate: Extract<Rate, { kind: 'diurnal' }>, seconds: number): number {
  const { peakRecordsPerSecond: peak, troughRecordsPerSecond: trough, peakAtMs } = rate;
  const angle = (2 * Math.PI * (seconds - peakAtMs / MS_PER_SECOND)) / DAY_SECONDS;
  return (peak + trough) / 2 + ((peak - trough) / 2) * Math.cos(angle);
}

function meanBytes(size: Size): number {
  if (size.kind === 'constant') return size.bytes;
  const sigma = Math.log(size.p99Bytes / size.medianBytes) / SIGMAS_AT_P99;
  return size.medianBytes * Math.exp(sigma ** 2 / 2);
}

function secondsOf({ warmupMs, durationMs }: Phase): number {
  return (warmupMs + durationMs) / MS_PER_SECOND;
}
