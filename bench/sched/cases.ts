/** What `npm run bench:sched` plays: threads of some control groups on one core or two. */

export interface BenchThread {
  readonly group: 'a' | 'b' | 'c';
  /** Null: always busy. */
  readonly wake: { readonly periodUs: number; readonly workUs: number } | null;
}

export interface Case {
  readonly name: string;
  /** On the core with the number 1, or on the first two. */
  readonly cores: 1 | 2;
  /** Quota of group a. */
  readonly quotaCores: number | null;
  readonly threads: readonly BenchThread[];
}

const busy = (groups: string): BenchThread[] =>
  [...groups].map((group) => ({ group: group as BenchThread['group'], wake: null }));
const wakers = (groups: string, periodUs: number, workUs: number): BenchThread[] =>
  busy(groups).map(({ group }) => ({ group, wake: { periodUs, workUs } }));

const WAKERS = [
  [50_000, 200],
  [10_000, 100],
  [1_000, 50],
  [1_000, 200],
  [500, 200],
] as const;
const BESIDE = ['a', 'aa', 'aaaa', 'b', 'bbbb', 'bbc'];

const onOneCore = (name: string, threads: readonly BenchThread[]): Case => ({
  name,
  cores: 1,
  quotaCores: null,
  threads,
});

export const CASES: readonly Case[] = [
  onOneCore('shares', busy('abbbbb')),
  ...WAKERS.flatMap(([periodUs, workUs]) =>
    BESIDE.map((groups) =>
      onOneCore(`wake-${periodUs}-${workUs}-${groups}`, [...wakers('a', periodUs, workUs), ...busy(groups)]),
    ),
  ),
  onOneCore('wakers-aaaa', wakers('aaaa', 1_000, 200)),
  onOneCore('wakers-aabc', wakers('aabc', 1_000, 200)),
  ...[1, 2, 4].map(
    (count): Case => ({
      name: `quota-${count}`,
      cores: 2,
      quotaCores: 0.6,
      threads: busy('a'.repeat(count)),
    }),
  ),
  ...[500, 700, 1_500].map(
    (workUs): Case => ({
      name: `quota-bursts-${workUs}`,
      cores: 2,
      quotaCores: 0.6,
      threads: wakers('a'.repeat(8), 10_000, workUs),
    }),
  ),
];

/** Of one case, played or predicted. */
export interface Found {
  /** Cores that each group used, by name. */
  readonly cores: Readonly<Record<string, number>>;
  /** Of the first thread if it is one that wakes: us from being due to being done. */
  readonly endUs: { readonly mean: number; readonly p50: number; readonly p99: number } | null;
  /** Core time for which group a's threads stood still, in each period; null without a quota. */
  readonly throttledMs: number | null;
}
