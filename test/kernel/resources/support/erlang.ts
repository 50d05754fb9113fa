import type { ClosedForm } from './closed-form.ts';

/**
 * Wait in M/M/c, in the unit of the mean service time: with C = Erlang's probability of waiting,
 * P(W > t) = C e^(-(c mu - lambda) t). Kleinrock, Queueing Systems I (1975), 3.5.
 */
export function mmcWait(servers: number, utilisation: number, meanService: number): ClosedForm {
  const load = servers * utilisation;
  let term = 1;
  let sum = 0;
  for (let busy = 0; busy < servers; busy += 1) {
    sum += term;
    term *= load / (busy + 1);
  }
  const allBusy = term / (1 - utilisation);
  const waiting = allBusy / (sum + allBusy);
  const scale = meanService / (servers * (1 - utilisation));
  return { mean: waiting * scale, variance: waiting * (2 - waiting) * scale ** 2 };
}
