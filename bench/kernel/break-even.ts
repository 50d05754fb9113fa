/** A speed-up measured at one length of window. */
interface Step {
  readonly eventsPerWindow: number;
  readonly speedUp: number;
}

/**
 * Events a window at which the speed-up passes 1: between the losses and the wins, where the fewest steps are on the
 * wrong side (a machine that is busy with something else makes some), the later place of two as good. When all win, or all lose, it is the first or the
 * last step: then the break-even lies outside of what was tried.
 * @param steps by growing events a window, at least one
 */
export function breakEven(steps: readonly Step[]): number {
  let split = 0;
  for (let next = 1; next <= steps.length; next += 1) {
    if (stepsOnWrongSide(steps, next) <= stepsOnWrongSide(steps, split)) split = next;
  }
  if (split === 0) return steps[0].eventsPerWindow;
  const loss = steps[split - 1];
  if (split === steps.length) return loss.eventsPerWindow;
  const win = steps[split];
  const share = (1 - loss.speedUp) / (win.speedUp - loss.speedUp);
  return loss.eventsPerWindow * (win.eventsPerWindow / loss.eventsPerWindow) ** share;
}

function stepsOnWrongSide(steps: readonly Step[], split: number): number {
  return steps.filter(({ speedUp }, index) => speedUp >= 1 !== index >= split).length;
}
