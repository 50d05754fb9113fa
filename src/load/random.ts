import seedrandom from 'seedrandom';

/** Draws from [0, 1). */
export type Random = () => number;

/** One stream per name, so that a new draw in one never shifts another; the same name gives the same draws. */
export function randomStream(name: string): Random {
  const stream = seedrandom.alea(name);
  return () => stream.double();
}
