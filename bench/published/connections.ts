/**
 * How much of their time the producers' connections are busy: a broker serves one request of a connection at a time.
 *
 * What:    a connection is muted from when a request is read until its answer is sent. Kafka's stages, which say how long that is, are whole
 *          milliseconds; what takes less comes from the costs.
 * Formula: share = requests of a broker * (CPU of network thread and handler + 2 wake-ups + mean RemoteTimeMs) / (time * connections)
 * Error:   waits for threads and disks are left out, so that a connection at its end may show less than 100 %.
 */
import { costsOf } from '../../src/kafka/costs.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../../src/kernel/time.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { meanOfKnown } from '../../src/result/resources.ts';
import type { PhaseResult } from '../../src/result/run-result.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';

/** Of the broker whose connections are busiest; 0 without producers. */
export function connectionShare(phase: PhaseResult, scenario: Scenario, profile: Profile): number {
  const connections = scenario.producers.reduce((sum, { count }) => sum + count, 0);
  if (connections === 0) return 0;
  const cpuNs = requestCpuNs(phase, scenario, profile);
  const shares = phase.requestStages
    .filter(({ request }) => request === 'Produce')
    .map(({ count, meanMs }) => {
      const busyNs = count * (cpuNs + meanMs.RemoteTimeMs * NS_PER_MS);
      return busyNs / (phase.durationSeconds * NS_PER_SECOND * connections);
    });
  return Math.min(1, Math.max(0, ...shares));
}

/** What the mean produce request keeps its connection busy with, waiting for followers left out. */
function requestCpuNs(phase: PhaseResult, { topics }: Scenario, profile: Profile): number {
  const costs = costsOf(profile);
  const { recordsAcknowledged, produceRequests, produceBatches } = phase.counts;
  const records = recordsAcknowledged / produceRequests;
  const batches = produceBatches / produceRequests;
  // Each byte is appended by the leader and by every follower.
  const appended = phase.resources.filter(
    ({ broker, resource }) => broker !== null && resource === 'disk.write',
  );
  const appendedPerSecond = appended.reduce((sum, { values }) => sum + (meanOfKnown(values) ?? 0), 0);
  const bytesPerRecord = appendedPerSecond / topics[0].replicationFactor / phase.throughputRecordsPerSecond;
  const bytes = records * bytesPerRecord;
  return (
    costs.networkWakeUpCpuNs +
    costs.networkPerRequestNs +
    bytes * costs.networkPerByteInNs +
    costs.handlerWakeUpCpuNs +
    costs.producePerRequestNs +
    batches * costs.producePerBatchNs +
    records * costs.producePerRecordNs +
    bytes * costs.producePerByteNs +
    2 * costs.wakeUpLatencyNs
  );
}
