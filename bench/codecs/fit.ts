/** From rows of measured CPU to the costs of a profile. */
import { fitNonNegative } from '../../src/jobs/calibration/least-squares.ts';
import { CODECS, type CodecCostName, type CodecLibrary } from '../../src/profile/codec-costs.ts';
import type { Cost } from '../../src/profile/profile.ts';

export interface CodecRow {
  readonly codec: string;
  readonly data: string;
  readonly valueBytes: number;
  readonly records: number;
  readonly rawBytes: number;
  /** Compressed bytes by plain ones. */
  readonly rate: number;
  readonly compressNs: number;
  readonly decompressNs: number;
}

/** What a measurement is worth, of itself and beside. */
const ERROR_SHARE = 0.2;
const ERROR_NS = 300;

/** Costs of all codecs of a library, with how far each row is from them. */
export function fitCodecs(
  library: CodecLibrary,
  rows: readonly CodecRow[],
  source: string,
): { costs: Partial<Record<CodecCostName, Cost>>; lines: string[] } {
  const costs: Partial<Record<CodecCostName, Cost>> = {};
  const lines: string[] = [];
  for (const codec of CODECS) {
    const own = rows.filter((row) => row.codec === codec);
    for (const direction of ['compress', 'decompress'] as const) {
      const fit = fitNonNegative(
        own.map((row) => ({
          counts: countsOf(row),
          measured: measuredOf(row, direction),
          error: ERROR_SHARE * measuredOf(row, direction) + ERROR_NS,
        })),
        [0, 0, 0],
      );
      const names = ['PerBatchNs', 'PerKeptByteNs', 'PerSavedByteNs'] as const;
      names.forEach((name, index) => {
        costs[`codec.${library}.${codec}.${direction}${name}`] = {
          value: fit.values[index],
          source,
          standardError: fit.standardErrors[index],
        };
      });
      for (const row of own) {
        const fitted = countsOf(row).reduce((sum, count, index) => sum + count * fit.values[index], 0);
        const measured = measuredOf(row, direction);
        const off = `${(fitted / measured - 1 >= 0 ? '+' : '') + ((fitted / measured - 1) * 100).toFixed(0)} %`;
        lines.push(
          `${library} ${codec} ${direction}: ${row.records} ${row.data} values of ${row.valueBytes} B, rate ${row.rate.toFixed(2)}: ${(measured / 1000).toFixed(1)} us, fitted ${off}`,
        );
      }
    }
  }
  return { costs, lines };
}

function measuredOf(row: CodecRow, direction: 'compress' | 'decompress'): number {
  return Math.max(1, direction === 'compress' ? row.compressNs : row.decompressNs);
}

function countsOf({ rawBytes, rate }: CodecRow): number[] {
  const kept = Math.min(1, rate);
  return [1, rawBytes * kept, rawBytes * (1 - kept)];
}
