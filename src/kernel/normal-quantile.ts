/**
 * Quantiles of the standard normal distribution.
 *
 * Formula: quotients of polynomials of degree 7, in (p - 1/2)^2 for |p - 1/2| <= 0.425, else in sqrt(-ln(min(p, 1 - p))),
 *          below and above 5.
 * Source:  Wichura (1988), "Algorithm AS 241: The percentage points of the normal distribution", PPND16.
 * Range:   p from 1e-300 to 1 - 2^-53.
 * Error:   below 1e-15 relative, against 40-digit arithmetic at 4,000 places from 1e-16 to 1 - 2^-12.
 * Test:    test/kernel/distributions.test.ts.
 */
import { log, sqrt } from './math.ts';

/** Two polynomials of degree 7, the coefficient of the highest power first. */
interface Quotient {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

const NEAR: Quotient = {
  above: [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
    1971.5909503065513, 133.14166789178438, 3.3871328727963665,
  ],
  below: [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
    687.1870074920579, 42.31333070160091, 1,
  ],
};
const MIDDLE: Quotient = {
  above: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  below: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
};
const FAR: Quotient = {
  above: [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124,
    0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  below: [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133,
    0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
  ],
};

/** @returns z with P(N <= z) = p; p is above 0 and below 1 */
export function standardNormalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * quotient(NEAR, 0.180625 - q * q);
  const r = sqrt(-log(q < 0 ? p : 1 - p));
  const z = r <= 5 ? quotient(MIDDLE, r - 1.6) : quotient(FAR, r - 5);
  return q < 0 ? -z : z;
}

function quotient({ above, below }: Quotient, r: number): number {
  let top = above[0];
  let bottom = below[0];
  for (let power = 1; power < above.length; power += 1) {
    top = top * r + above[power];
    bottom = bottom * r + below[power];
  }
  return top / bottom;
}
