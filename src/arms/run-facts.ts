/** The facts of this very run, which stand outside every comparison of results. */
import { machineFacts } from '../local/observe/machine.ts';
import { version } from '../package.ts';
import type { RunFacts } from '../result/run-result.ts';

/** @param versions of what was driven, beside our own and the runtime's */
export function runFacts(startedAt: Date, versions: Readonly<Record<string, string>>): RunFacts {
  return {
    startedAt: startedAt.toISOString(),
    wallSeconds: (Date.now() - startedAt.getTime()) / 1000,
    machine: machineFacts(),
    versions: { brokertwin: version, node: process.versions.node, ...versions },
  };
}
