/** `brokertwin doctor`: what this machine can and cannot do for local clusters, and what to do about it. */
import { styleText } from 'node:util';
import { EXIT } from '../errors/errors.ts';
import { abilities } from '../local/capabilities/abilities.ts';
import { capabilityNames, findCapabilities } from '../local/capabilities/capabilities.ts';
import type { Capability } from '../local/capabilities/capability.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';

export interface DoctorOptions {
  readonly progress: Progress;
}

/** Exit 0 when at least a cluster on loopback can run here, else 3. */
export async function doctorJob({ progress }: DoctorOptions): Promise<JobOutcome> {
  progress.update(null, 'looking at this machine');
  return doctorOutcome(await findCapabilities(capabilityNames));
}

/** The table, a last line that says what can be done here, and both for machines. */
export function doctorOutcome(capabilities: readonly Capability[]): JobOutcome {
  const missing = new Set(capabilities.filter(({ ok }) => !ok).map(({ name }) => name));
  const can = abilities.map(({ name, needs }) => ({ name, ok: !needs.some((need) => missing.has(need)) }));
  const names = (ok: boolean): string[] => can.filter((ability) => ability.ok === ok).map(({ name }) => name);
  const width = Math.max(...capabilities.map(({ name }) => name.length)) + 2;
  return {
    exitCode: can[0].ok ? EXIT.good : EXIT.clusterUnreachable,
    json: { capabilities, can: names(true), cannot: names(false) },
    text: [
      ...capabilities.flatMap((capability) => rowOf(capability, width)),
      '',
      conclusion(names(true), names(false)),
    ].join('\n'),
  };
}

function rowOf({ name, ok, found, neededFor, remedy, waitsFor }: Capability, width: number): string[] {
  const row = `${mark(ok, waitsFor !== null)} ${name.padEnd(width)}${found}`;
  if (ok) return [row];
  // What it waits for has a row with the remedy.
  if (waitsFor !== null) return [`${row}; needed for ${neededFor}`];
  return [row, `${' '.repeat(width + 2)}needed for ${neededFor}: ${remedy}`];
}

function mark(ok: boolean, untried: boolean): string {
  const stream = process.stdout;
  if (ok) return styleText('green', '✓', { stream });
  return untried ? styleText('dim', '–', { stream }) : styleText('red', '✗', { stream });
}

function conclusion(can: readonly string[], cannot: readonly string[]): string {
  const not = cannot.length === 0 ? '' : `; not: ${cannot.join(', ')}`;
  return `can be done here: ${can.length === 0 ? 'nothing yet' : can.join(', ')}${not}`;
}
