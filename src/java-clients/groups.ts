/** Whether consumer groups have settled, asked of the cluster: the tools do not say. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import { PLAINTEXT_ACCESS } from '../load/access/cluster-access.ts';
import { asUserError, clusterOptions } from '../load/cluster.ts';

const POLL_MS = 100;
/** A group is settled when it has been stable for so long. */
const STABLE_POLLS = 5;

export interface GroupsOptions {
  readonly bootstrapServers: string;
  readonly groups: readonly string[];
  readonly deadlineMs: number;
  /** Ends the wait early. */
  readonly isOver: () => boolean;
}

/** Waits until all groups are stable; returns the names of those that are not when the wait ends. */
export async function groupsJoined(options: GroupsOptions): Promise<string[]> {
  const { bootstrapServers, groups, deadlineMs, isOver } = options;
  const admin = new Admin({ clientId: 'brokertwin', ...clusterOptions(bootstrapServers, {}) });
  const deadline = performance.now() + deadlineMs;
  const stable = new Map(groups.map((name) => [name, 0]));
  const waiting = (): string[] =>
    [...stable].flatMap(([name, polls]) => (polls < STABLE_POLLS ? [name] : []));
  try {
    while (waiting().length > 0 && performance.now() < deadline && !isOver()) {
      const found = await admin.listGroups({ states: ['STABLE'] });
      for (const [name, polls] of stable) stable.set(name, found.has(name) ? polls + 1 : 0);
      await sleep(POLL_MS);
    }
    return waiting();
  } catch (error) {
    throw asUserError(error, { bootstrapServers, access: PLAINTEXT_ACCESS });
  } finally {
    await admin.close();
  }
}
