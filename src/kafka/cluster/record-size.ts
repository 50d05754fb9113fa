/** Mean size of a record's value: of a lognormal, median * exp(sigma^2 / 2) with sigma = ln(p99 / median) / 2.3263. */
import { exp, log } from '../../kernel/math.ts';
import type { Size } from '../../scenario/scenario.ts';

/** 99th percentile of the standard normal distribution. */
const Z99 = 2.3263478740408408;

/** Bytes. */
export function meanValueBytes(size: Size): number {
  if (size.kind === 'constant') return size.bytes;
  const sigma = log(size.p99Bytes / size.medianBytes) / Z99;
  return size.medianBytes * exp((sigma * sigma) / 2);
}
