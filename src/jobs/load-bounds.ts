/** What a load may touch of a cluster, and how much of it, as the command line says. */
import { UserError } from '../errors/errors.ts';
import { hasJavaClients } from '../java-clients/refusals.ts';
import type { Caps } from '../load/caps.ts';
import type { Scenario } from '../scenario/scenario.ts';

export interface LoadBounds {
  /** Topics of the scenario that are the cluster's own, by their real names. */
  readonly existingTopics: readonly string[];
  readonly caps: Caps;
}

/**
 * @param isRunning whether the cluster is one that runs already
 * @throws UserError with a line for each option that cannot be honoured
 */
export function refuseBounds(scenario: Scenario, bounds: LoadBounds, isRunning: boolean): void {
  const { existingTopics, caps } = bounds;
  const isJava = hasJavaClients(scenario);
  const refusals: readonly [boolean, string][] = [
    [
      existingTopics.length > 0 && !isRunning,
      '--existing-topics: expected a running cluster that has them, found none named; add --bootstrap-server or --command-config',
    ],
    [
      existingTopics.length > 0 && isJava,
      '--existing-topics: expected clients of our own, found client: java, whose tools read topics from their beginning; leave client: java out, or the option',
    ],
    [
      (caps.recordsPerSecond !== null || caps.bytes !== null) && isJava,
      '--max-rate, --max-bytes: expected clients of our own, found client: java, whose tools cannot be held; leave client: java out, or the options',
    ],
  ];
  const lines = refusals.filter(([isRefused]) => isRefused).map(([, line]) => `brokertwin load: ${line}`);
  if (lines.length > 0) throw new UserError(lines);
}
