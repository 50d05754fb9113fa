/** One quantity as predicted and as measured, with the error of the prediction. */
export interface Figure {
  readonly predicted: number | null;
  readonly measured: number | null;
  /** predicted - measured, in the quantity's own unit. */
  readonly absoluteError: number | null;
  /** (predicted - measured) / measured; null when only the measured value is zero. */
  readonly relativeError: number | null;
}

/** A figure of two values; what is absent or not a finite number counts as null, and so do the errors then. */
export function figure(predicted: number | null | undefined, measured: number | null | undefined): Figure {
  const left = finite(predicted);
  const right = finite(measured);
  if (left === null || right === null) {
    return { predicted: left, measured: right, absoluteError: null, relativeError: null };
  }
  const absoluteError = left - right;
  return { predicted: left, measured: right, absoluteError, relativeError: relative(absoluteError, right) };
}

function finite(value: number | null | undefined): number | null {
  return value === undefined || value === null || !Number.isFinite(value) ? null : value;
}

function relative(absoluteError: number, measured: number): number | null {
  if (absoluteError === 0) return 0;
  const quotient = absoluteError / measured;
  return Number.isFinite(quotient) ? quotient : null;
}

/** The entries of both arms that mean the same thing; `either` is the one that exists, the predicted one first. */
export interface Paired<T> {
  readonly either: T;
  readonly predicted: T | null;
  readonly measured: T | null;
}

/**
 * Pairs the entries of both arms by key: in the predicted order, then what was only measured. The n-th entry of a
 * key in one arm meets the n-th of the same key in the other (two clusters may both have a broker 1).
 */
export function pairBy<T>(
  predicted: readonly T[],
  measured: readonly T[],
  keyOf: (entry: T) => string,
): Paired<T>[] {
  const left = byOccurrence(predicted, keyOf);
  const right = byOccurrence(measured, keyOf);
  return [
    ...[...left].map(([key, entry]) => ({
      either: entry,
      predicted: entry,
      measured: right.get(key) ?? null,
    })),
    ...[...right]
      .filter(([key]) => !left.has(key))
      .map(([, entry]) => ({ either: entry, predicted: null, measured: entry })),
  ];
}

function byOccurrence<T>(entries: readonly T[], keyOf: (entry: T) => string): Map<string, T> {
  const seen = new Map<string, number>();
  return new Map(
    entries.map((entry) => {
      const key = keyOf(entry);
      const occurrence = seen.get(key) ?? 0;
      seen.set(key, occurrence + 1);
      return [`${key}#${occurrence}`, entry];
    }),
  );
}
