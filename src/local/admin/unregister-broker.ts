/** Making a cluster forget a broker that was stopped for good. */
import { unregisterBrokerV0 } from '@platformatic/kafka';
import { describeBrokers, describePartitions } from './describe-cluster.ts';
import { clusterTrouble, KAFKA_ERROR, kafkaWords } from './kafka-error.ts';
import { type AdminSession, type AdminTarget, withSession } from './session.ts';

export interface UnregisterBrokerOptions extends AdminTarget {
  readonly broker: number;
  /**
   * How long a broker may still count as running: a killed one does until its session ends (broker.session.timeout.ms, 9 s by
   * default). 15 s by default.
   */
  readonly fencedTimeoutMs?: number;
}

const FENCED_TIMEOUT_MS = 15_000;
const FENCED_POLL_MS = 250;

/**
 * Unregisters a broker, if the cluster still knows it. Kafka itself would also do it for one that runs or holds partitions, and leave the cluster in disorder.
 *
 * @throws UserError (exit 3) for a broker that holds partitions or runs.
 */
export function unregisterBroker(options: UnregisterBrokerOptions): Promise<void> {
  const { broker, fencedTimeoutMs = FENCED_TIMEOUT_MS } = options;
  return withSession(options, async (session) => {
    const { partitions } = await describePartitions(session);
    const held = partitions.filter(({ replicas }) => replicas.includes(broker));
    if (held.length > 0) {
      const { topic, partition } = held[0];
      throw clusterTrouble(
        `broker ${broker}: expected it to hold no partition, found ${held.length}, ${topic}-${partition} the first: drain it before it is unregistered`,
      );
    }
    await waitUntilFenced(session, broker, fencedTimeoutMs);
    const answer = await unregister(session, broker);
    // Forgotten before, which is what was asked for.
    if (answer.errorCode === KAFKA_ERROR.brokerIdNotRegistered) return;
    if (answer.errorCode !== KAFKA_ERROR.none) {
      throw clusterTrouble(
        `broker ${broker}: Kafka refused to unregister it: ${kafkaWords(answer.errorCode, answer.errorMessage ?? null)}`,
      );
    }
  });
}

function unregister(session: AdminSession, broker: number) {
  return session.call((connection) => unregisterBrokerV0.api.async(connection, broker));
}

async function waitUntilFenced(session: AdminSession, broker: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const brokers = await describeBrokers(session);
    if (!brokers.some(({ id, fenced }) => id === broker && !fenced)) return;
    if (performance.now() > deadline) {
      throw clusterTrouble(`broker ${broker}: expected it to be stopped, found it running: stop it first`);
    }
    await session.pause(FENCED_POLL_MS);
  }
}
