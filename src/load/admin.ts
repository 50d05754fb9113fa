/** Asking a cluster for things by an administrator's requests, as clients get into it. */
import { Admin } from '@platformatic/kafka';
import { type ClusterAccess, PLAINTEXT_ACCESS } from './access/cluster-access.ts';
import { libraryAccess } from './access/library-access.ts';
import { asUserError, clusterOptions } from './cluster.ts';

const POLL_MS = 100;

export interface AdminTarget {
  /** Brokers to begin with: host:port, separated by commas. */
  readonly bootstrapServers: string;
  /** Plain connections when left out. */
  readonly access?: ClusterAccess;
}

/** What `work` gives. @throws UserError (exit 3) when the cluster cannot be reached or refuses */
export async function withAdmin<Result>(
  { bootstrapServers, access = PLAINTEXT_ACCESS }: AdminTarget,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = new Admin({
    ...clusterOptions(bootstrapServers, libraryAccess(access, bootstrapServers)),
    clientId: 'brokertwin-admin',
  });
  try {
    return await work(admin);
  } catch (error) {
    throw asUserError(error, { bootstrapServers, access });
  } finally {
    await admin.close();
  }
}

/** Asks again and again until it is so; calls `late` after the deadline. */
export async function waitUntil(
  deadlineMs: number,
  done: () => Promise<boolean>,
  late: () => never,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await done())) {
    if (performance.now() > end) {
      late();
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
