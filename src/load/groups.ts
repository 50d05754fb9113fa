/** Consumer groups of a phase: those that were not there before are deleted after it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, findErrorBy } from '@platformatic/kafka';
import { EXIT, UserError } from '../errors/errors.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type AdminTarget, withAdmin } from './admin.ts';

/** A member that has just gone may still be on the coordinator's list. */
const LEFT_DEADLINE_MS = 5_000;
const POLL_MS = 200;
const WITHOUT_MEMBERS = ['Empty', 'Dead', 'EMPTY', 'DEAD'];

/**
 * The scenario's groups that the cluster does not know yet.
 *
 * @throws UserError (exit 3) with a line for each group that has members: ours would take partitions from them
 */
export async function absentGroups({
  scenario,
  ...target
}: AdminTarget & { readonly scenario: Scenario }): Promise<string[]> {
  const wanted = [...new Set(scenario.consumers.map(({ group }) => group))];
  if (wanted.length === 0) return [];
  const present = await withAdmin(target, (admin) =>
    admin.listGroups({ types: ['classic', 'consumer', 'share', 'streams'] }),
  );
  const busy = wanted.filter((group) => {
    const state = present.get(group)?.state;
    return state !== undefined && state !== 'Unknown' && !WITHOUT_MEMBERS.includes(state);
  });
  if (busy.length > 0) {
    throw new UserError(
      busy.map(
        (group) =>
          `group "${group}": expected one without members, found it ${present.get(group)?.state} on ${target.bootstrapServers}; stop its members, or give the scenario's consumers another group`,
      ),
      EXIT.clusterUnreachable,
    );
  }
  return wanted.filter((group) => !present.has(group));
}

/** @throws UserError (exit 3) with a line for each group that cannot be deleted, as long as it has members among other reasons */
export async function deleteGroups(target: AdminTarget, groups: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const group of groups) {
    try {
      await withAdmin(target, (admin) => remove(admin, group));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      lines.push(...error.lines.map((line) => `group "${group}": ${line}`));
    }
  }
  if (lines.length > 0) throw new UserError(lines, EXIT.clusterUnreachable);
}

async function remove(admin: Admin, group: string): Promise<void> {
  const end = performance.now() + LEFT_DEADLINE_MS;
  for (;;) {
    try {
      await admin.deleteGroups({ groups: [group] });
      return;
    } catch (error) {
      // Nobody has joined it.
      if (isKind(error, 'GROUP_ID_NOT_FOUND')) return;
      if (!isKind(error, 'NON_EMPTY_GROUP') || performance.now() > end) throw error;
    }
    await sleep(POLL_MS);
  }
}

function isKind(error: unknown, kind: string): boolean {
  return error instanceof Error && Boolean(findErrorBy(error, 'apiId', kind));
}
