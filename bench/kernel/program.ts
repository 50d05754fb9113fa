/**
 * What a program of the benchmark is given and what it prints. Every program runs in a process of its own, so that
 * no figure is measured on code that another has warmed up or spoilt; the peers' programs keep to the same words.
 *
 *   node hold.ts pending=100 events=20000000 ...   ─►   {"values":{"eventsPerSecond":5.1e6},"checksum":"...","common":null}
 */

/** Numbers by name, given as `name=number` words. */
export type Input = Readonly<Record<string, number>>;

export interface Outcome {
  readonly values: Readonly<Record<string, number>>;
  /** What the work came to: the same in every round. */
  readonly checksum: string;
  /** What the first part of the work came to, where the peers' programs do the same draws; null elsewhere. */
  readonly common: string | null;
}

/** The words for a command line. */
export function wordsOf(input: Input): string[] {
  return Object.entries(input).map(([name, value]) => `${name}=${value}`);
}

/**
 * Runs `measure` with the numbers of the command line and prints what it found; a program's only call of its own. What it
 * throws is one line on stderr and exit code 1.
 */
export async function runProgram<Name extends string>(
  names: readonly Name[],
  measure: (input: Readonly<Record<Name, number>>) => Outcome | Promise<Outcome>,
): Promise<void> {
  try {
    process.stdout.write(`${JSON.stringify(await measure(readInput(names)))}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

function readInput<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  const words = process.argv.slice(2);
  const numbers = names.map((name): [Name, number] => {
    const word = words.find((given) => given.startsWith(`${name}=`));
    const number = Number(word?.slice(name.length + 1));
    if (!(number >= 0)) throw new RangeError(`expected ${name}=NUMBER, found ${word ?? 'none'}`);
    return [name, number];
  });
  return Object.fromEntries(numbers) as Record<Name, number>;
}

/** What `act` gives, and its wall time. */
export function timed<T>(act: () => T): { readonly result: T; readonly seconds: number } {
  const startedMs = performance.now();
  const result = act();
  return { result, seconds: (performance.now() - startedMs) / 1000 };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
