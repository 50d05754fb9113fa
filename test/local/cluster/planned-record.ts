import type { LocalClusterOptions } from '../../../src/local/cluster/cluster-options.ts';
import { planCluster } from '../../../src/local/cluster/plan-cluster.ts';
import type { ClusterRecord } from '../../../src/local/cluster/record.ts';

/** The record of a cluster that was planned and not started; on loopback its ports are 9001, 9002, ... */
export function plannedRecord(options: Partial<LocalClusterOptions> = {}): Promise<ClusterRecord> {
  return planCluster(
    {
      version: '4.3.1',
      brokers: 1,
      jmx: false,
      name: 'planned',
      progress: () => undefined,
      choosePorts: async (count) => Array.from({ length: count }, (_, index) => 9001 + index),
      ...options,
    },
    { withAgent: options.jmx === true },
  );
}
