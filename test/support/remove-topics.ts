import assert from 'node:assert/strict';
import { waitUntil, withAdmin } from '../../src/load/admin.ts';

const DEADLINE_MS = 10_000;

/** Deletes topics, which are gone when it is done, so that others of their names can be made. */
export async function removeTopics(bootstrapServers: string, names: readonly string[]): Promise<void> {
  await withAdmin({ bootstrapServers }, async (admin) => {
    await admin.deleteTopics({ topics: [...names] });
    await waitUntil(
      DEADLINE_MS,
      async () => !(await admin.listTopics()).some((topic) => names.includes(topic)),
      () => assert.fail(`${names.join(', ')} are still there`),
    );
  });
}
