import { distance } from 'fastest-levenshtein';

/** The candidate nearest to what was written, first on a tie; null when none is near enough to be meant. */
export function closest(written: string, candidates: readonly string[]): string | null {
  const best = nearest(written, candidates);
  const near = Math.max(2, Math.floor(written.length * 0.4));
  return best !== null && between(written, best) <= Math.min(near, best.length - 1) ? best : null;
}

function nearest(written: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const far = between(written, candidate);
    if (far < bestDistance) {
      best = candidate;
      bestDistance = far;
    }
  }
  return best;
}

/** `, did you mean "x"?`; when none is near, all of them if they are few, or else the nearest. */
export function suggestion(written: string, candidates: readonly string[]): string {
  const meant = closest(written, candidates);
  if (meant !== null) return `, did you mean "${meant}"?`;
  if (candidates.length === 0) return ', there is none';
  return candidates.length <= 20
    ? `, expected one of ${candidates.join(', ')}`
    : `, the nearest that there is: "${nearest(written, candidates)}"`;
}

function between(written: string, candidate: string): number {
  return distance(written.toLowerCase(), candidate.toLowerCase());
}

/** Names of settings as Kafka has them, which the lines of a broken key or login are not. */
const SETTING = /^[a-z]+(?:\.[a-z0-9]+)+$/;

/** The name of an unknown setting, if it can be meant as one: a line that lost its place may be part of a secret. */
export function shownSetting(written: string, candidates: readonly string[]): string {
  return SETTING.test(written) || closest(written, candidates) !== null
    ? `"${written}"`
    : 'that is not shown, as it may be part of a secret';
}
