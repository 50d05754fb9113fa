/** A producer class's rate, in whichever of its forms the file has it. */
import type { Problems } from './problems.ts';
import type { Rate } from './scenario.ts';
import type { ScenarioFile } from './schema.ts';
import { valueAt } from './validate.ts';
import type { Path } from './yaml-source.ts';

type Written = NonNullable<ScenarioFile['producers']>[string]['rate'];

const FORMS = ['diurnal', 'ramp', 'steps', 'poisson'] as const;

/** What is wrong with it is told to `problems`, and some rate given back. `data` is the file as given. */
export function resolveRate(
  written: Written,
  at: Path,
  { problems, data }: { readonly problems: Problems; readonly data: unknown },
): Rate {
  if (typeof written === 'number') return { kind: 'constant', recordsPerSecond: written };
  // A form with something wrong in it was told of already, and so was a key that is none.
  const stated = Object.keys(valueAt(data, at) ?? {});
  const forms = FORMS.filter((form) => stated.includes(form));
  if (forms.length > 1 || stated.length === 0) {
    const found = forms.length === 0 ? 'none of them' : forms.join(' and ');
    problems.value(at, `expected a rate such as 60k/s, or one of ${FORMS.join(', ')}, found ${found}`);
  }
  const { diurnal, ramp, steps, poisson } = written;
  if (poisson !== undefined) return { kind: 'poisson', recordsPerSecond: poisson };
  if (ramp !== undefined) {
    const { from, to, over } = ramp;
    const segment = { fromRecordsPerSecond: from, toRecordsPerSecond: to, durationMs: over };
    return { kind: 'piecewise', segments: [segment] };
  }
  if (steps !== undefined) {
    if (steps.length === 0) problems.value([...at, 'steps'], 'expected at least one step, found none');
    const segments = steps.map((step) => ({
      fromRecordsPerSecond: step.rate,
      toRecordsPerSecond: step.rate,
      durationMs: step.for,
    }));
    return { kind: 'piecewise', segments };
  }
  if (diurnal === undefined) return { kind: 'constant', recordsPerSecond: 0 };
  const { peak, trough, peakAt } = diurnal;
  if (trough > peak) {
    problems.value([...at, 'diurnal', 'trough'], 'expected at most the peak, found more');
  }
  return { kind: 'diurnal', peakRecordsPerSecond: peak, troughRecordsPerSecond: trough, peakAtMs: peakAt };
}
