/**
 * Non-negative least squares with a prior, by cyclic coordinate descent:
 *
 *   minimise  sum_i ((y_i - sum_j x_ij b_j) / s_i)^2  +  sum_j (w (b_j - p_j) / p_j)^2     with b >= 0
 *
 * y CPU seconds, s the error that a measurement is worth, p the prior (a catalogue's cost) held with the small weight w,
 * which only decides what the data leave open. Solved exactly enough after a bounded number of sweeps.
 */

export interface Equation {
  /** Counts by unknown. */
  readonly counts: readonly number[];
  readonly measured: number;
  readonly error: number;
}

export interface Fit {
  readonly values: readonly number[];
  /** Standard error of each value, from the diagonal of the inverse normal matrix; it includes the prior. */
  readonly standardErrors: readonly number[];
  /** Share of each value's information that came from the data, 0 to 1. */
  readonly determined: readonly number[];
}

const SWEEPS = 5_000;
const PRIOR_WEIGHT = 0.5;
/** A prior of nothing has no scale of its own and says next to nothing. */
const SCALE_OF_NOTHING = 1e6;

export function fitNonNegative(equations: readonly Equation[], priors: readonly number[]): Fit {
  const size = priors.length;
  const data = normalMatrix(equations, size);
  const priorInformation = priors.map((prior) => (PRIOR_WEIGHT / (prior || SCALE_OF_NOTHING)) ** 2);
  const matrix = data.matrix.map((row, i) =>
    row.map((value, j) => (i === j ? value + priorInformation[i] : value)),
  );
  const right = data.right.map((value, i) => value + priorInformation[i] * priors[i]);
  const values = [...priors];
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let i = 0; i < size; i += 1) {
      let rest = right[i];
      for (let j = 0; j < size; j += 1) if (j !== i) rest -= matrix[i][j] * values[j];
      values[i] = Math.max(0, rest / matrix[i][i]);
    }
  }
  const inverse = invert(matrix);
  return {
    values,
    standardErrors: inverse.map((row, i) => Math.sqrt(Math.max(0, row[i]))),
    determined: inverse.map((row, i) => Math.max(0, 1 - row[i] * priorInformation[i])),
  };
}

function normalMatrix(equations: readonly Equation[], size: number): { matrix: number[][]; right: number[] } {
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const right = new Array<number>(size).fill(0);
  for (const { counts, measured, error } of equations) {
    const weight = 1 / (error * error);
    for (let i = 0; i < size; i += 1) {
      right[i] += weight * counts[i] * measured;
      for (let j = 0; j < size; j += 1) matrix[i][j] += weight * counts[i] * counts[j];
    }
  }
  return { matrix, right };
}

/** Gauss-Jordan with scaling to a unit diagonal; the matrix is symmetric and positive definite. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const scale = matrix.map((row, i) => 1 / Math.sqrt(row[i]));
  const work = matrix.map((row, i) => [
    ...row.map((value, j) => value * scale[i] * scale[j]),
    ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)),
  ]);
  for (let pivot = 0; pivot < size; pivot += 1) {
    const divisor = work[pivot][pivot];
    work[pivot] = work[pivot].map((value) => value / divisor);
    for (let row = 0; row < size; row += 1) {
      if (row === pivot) continue;
      const factor = work[row][pivot];
      work[row] = work[row].map((value, column) => value - factor * work[pivot][column]);
    }
  }
  return work.map((row, i) => row.slice(size).map((value, j) => value * scale[i] * scale[j]));
}
