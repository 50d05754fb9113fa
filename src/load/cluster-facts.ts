/** What a running cluster says of itself: asked, and changed in nothing. */
import { type AdminTarget, withAdmin } from './admin.ts';
import { versionWith } from './api-versions.ts';

export interface ClusterFacts {
  readonly id: string;
  /** By id. */
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
}

/** @throws UserError (exit 3) when it cannot be reached, or speaks only what the generator does not */
export async function clusterFacts(target: AdminTarget): Promise<ClusterFacts> {
  return await withAdmin(target, async (admin) => {
    const { id, brokers } = await admin.metadata({ topics: [], forceUpdate: true });
    const ranges = await admin.listApis();
    for (const api of ['Produce', 'Fetch'] as const) versionWith(ranges, api, target.bootstrapServers);
    return {
      id,
      brokers: [...brokers]
        .map(([broker, { host, port }]) => ({ id: broker, host, port }))
        .sort((a, b) => a.id - b.id),
    };
  });
}
