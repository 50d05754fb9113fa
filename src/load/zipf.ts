import type { Random } from './random.ts';

/**
 * Draws ranks 1..count with probability proportional to rank^-exponent, in constant time and memory: rejection-inversion
 * (Hörmann and Derflinger, 1996, "Rejection-inversion to generate variates from monotone discrete distributions").
 */
export function zipfRanks(count: number, exponent: number, random: Random): () => number {
  const integral = (x: number) => {
    const logX = Math.log(x);
    return expm1OverX((1 - exponent) * logX) * logX;
  };
  const inverse = (y: number) => {
    const t = Math.max(-1, y * (1 - exponent));
    return Math.exp(log1pOverX(t) * y);
  };
  const density = (x: number) => Math.exp(-exponent * Math.log(x));
  const integralFirst = integral(1.5) - 1;
  const integralLast = integral(count + 0.5);
  const accept = 2 - inverse(integral(2.5) - density(2));
  return () => {
    for (;;) {
      const u = integralLast + random() * (integralFirst - integralLast);
      const x = inverse(u);
      const rank = Math.min(count, Math.max(1, Math.floor(x + 0.5)));
      if (rank - x <= accept || u >= integral(rank + 0.5) - density(rank)) {
        return rank;
      }
    }
  };
}

// Near zero the quotients lose all digits, so they are taken from their series.
function log1pOverX(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.log1p(x) / x : 1 - x * (1 / 2 - x * (1 / 3 - x / 4));
}

function expm1OverX(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.expm1(x) / x : 1 + (x / 2) * (1 + (x / 3) * (1 + x / 4));
}
