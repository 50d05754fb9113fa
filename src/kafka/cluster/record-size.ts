/** Mean size of a record's value. */
import { LogNormal } from '../../kernel/distributions.ts';
import type { Size } from '../../scenario/scenario.ts';

/** Bytes. */
export function meanValueBytes(size: Size): number {
  return size.kind === 'constant'
    ? size.bytes
    : LogNormal.ofPercentiles(size.medianBytes, size.p99Bytes).mean;
}
