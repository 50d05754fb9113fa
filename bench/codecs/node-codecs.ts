/** CPU of the codecs that our generator's library uses, by the thread's CPU counter, on the values of KafkaCodecs.java. */
import { compressionsAlgorithms } from '@platformatic/kafka';
import seedrandom from 'seedrandom';
import { CODECS } from '../../src/profile/codec-costs.ts';
import type { CodecRow } from './fit.ts';

const MEASURE_MS = 300;
const PARTS = 5;
const PIECE_BYTES = 64;
const SHAPES = [
  [1000, 16],
  [1000, 130],
  [100, 9],
] as const;
const NAMES = ['orderId', 'customer', 'amount', 'currency', 'createdAt', 'status', 'items', 'address'];

const random = seedrandom.alea('codecs');

export function measureNodeCodecs(): CodecRow[] {
  return CODECS.flatMap((codec) =>
    (['random', 'mixed', 'text'] as const).flatMap((data) =>
      SHAPES.map(([valueBytes, records]): CodecRow => {
        const plain = Array.from({ length: 32 }, () =>
          Buffer.concat(Array.from({ length: records }, () => valueOfData(data, valueBytes))),
        );
        const { compressSync, decompressSync } = compressionsAlgorithms[codec];
        const packed = plain.map((bytes) => compressSync(bytes));
        const rawBytes = records * valueBytes;
        return {
          codec,
          data,
          valueBytes,
          records,
          rawBytes,
          rate: packed.reduce((sum, { length }) => sum + length, 0) / (32 * rawBytes),
          compressNs: cpuNs((turn) => compressSync(plain[turn & 31])),
          decompressNs: cpuNs((turn) => decompressSync(packed[turn & 31])),
        };
      }),
    ),
  );
}

/** CPU of one step: the least of five parts, after as long for warming up. */
function cpuNs(step: (turn: number) => unknown): number {
  runFor(MEASURE_MS, step);
  return Math.min(...Array.from({ length: PARTS }, () => runFor(MEASURE_MS / PARTS, step)));
}

function runFor(ms: number, step: (turn: number) => unknown): number {
  const before = process.threadCpuUsage();
  let steps = 0;
  for (const end = performance.now() + ms; performance.now() < end; steps += 1) step(steps);
  const { user, system } = process.threadCpuUsage(before);
  return ((user + system) * 1000) / steps;
}

function valueOfData(data: 'random' | 'mixed' | 'text', bytes: number): Buffer {
  if (data === 'text') return textOf(bytes);
  const randomBytes = data === 'random' ? PIECE_BYTES : PIECE_BYTES / 2;
  const filler = 'x'.charCodeAt(0);
  return Buffer.from(
    Uint8Array.from({ length: bytes }, (_, at) =>
      at % PIECE_BYTES < randomBytes ? Math.floor(random() * 256) : filler,
    ),
  );
}

function textOf(bytes: number): Buffer {
  let text = '{';
  while (text.length < bytes) {
    const value = Math.floor(random() * 2 ** 40).toString(36);
    text += `"${NAMES[Math.floor(random() * NAMES.length)]}":"${value}",`;
  }
  return Buffer.from(text.slice(0, bytes));
}
