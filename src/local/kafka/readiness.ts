/** Waiting until brokers that are starting can be used. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';

const POLL_MS = 200;
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Waits until every one of the servers (`host:port`, a broker each) answers by itself and lists all brokers of `listing`
 * (metadata lists only those that the controller has unfenced). Returns null then; else what `failure` found, or after
 * `timeoutMs` the servers that are still not ready.
 */
export async function waitUntilReady<Failure>(
  servers: readonly string[],
  options: {
    /** Ids of brokers. */
    readonly listing: readonly number[];
    readonly timeoutMs: number;
    readonly signal: AbortSignal | undefined;
    /** Asked at every turn; anything but null ends the wait. */
    readonly failure: () => Failure | null;
  },
): Promise<Failure | { readonly notReady: readonly string[] } | null> {
  const deadline = performance.now() + options.timeoutMs;
  let waiting = [...servers];
  for (;;) {
    await sleep(POLL_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
    const failure = options.failure();
    if (failure !== null) return failure;
    const listed = await Promise.all(waiting.map(brokersListedBy));
    waiting = waiting.filter((_, index) => !options.listing.every((id) => listed[index].includes(id)));
    if (waiting.length === 0) return null;
    if (performance.now() > deadline) return { notReady: waiting };
  }
}

/** Brokers in the metadata of the broker at this address; none when it does not answer. */
async function brokersListedBy(server: string): Promise<number[]> {
  const admin = new Admin({
    clientId: 'brokertwin-readiness',
    bootstrapBrokers: [server],
    retries: 0,
    timeout: ANSWER_TIMEOUT_MS,
    connectTimeout: ANSWER_TIMEOUT_MS,
    requestTimeout: ANSWER_TIMEOUT_MS,
  });
  try {
    const metadata = await admin.metadata({ topics: [], forceUpdate: true });
    return [...metadata.brokers.keys()];
  } catch {
    // Not answering is what a starting broker does; the caller's deadline ends the wait.
    return [];
  } finally {
    await admin.close();
  }
}
