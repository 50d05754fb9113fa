/** Waiting until a cluster that is starting can be used. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';

const POLL_MS = 200;
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Waits until every broker answers by itself and lists all of `ports.length` brokers (metadata lists only those that
 * the controller has unfenced). Returns null then; else what `failure` found, or after `timeoutMs` the ports that are
 * still not ready.
 */
export async function waitUntilReady<Failure>(
  ports: readonly number[],
  options: {
    readonly timeoutMs: number;
    readonly signal: AbortSignal | undefined;
    /** Asked at every turn; anything but null ends the wait. */
    readonly failure: () => Failure | null;
  },
): Promise<Failure | { readonly notReady: readonly number[] } | null> {
  const deadline = performance.now() + options.timeoutMs;
  let waiting = [...ports];
  for (;;) {
    await sleep(POLL_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
    const failure = options.failure();
    if (failure !== null) return failure;
    const listed = await Promise.all(waiting.map(brokersListedBy));
    waiting = waiting.filter((_, index) => listed[index] < ports.length);
    if (waiting.length === 0) return null;
    if (performance.now() > deadline) return { notReady: waiting };
  }
}

/** Number of brokers in the metadata of the broker on this port; 0 when it does not answer. */
async function brokersListedBy(port: number): Promise<number> {
  const admin = new Admin({
    clientId: 'brokertwin-readiness',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    retries: 0,
    timeout: ANSWER_TIMEOUT_MS,
    connectTimeout: ANSWER_TIMEOUT_MS,
    requestTimeout: ANSWER_TIMEOUT_MS,
  });
  try {
    const metadata = await admin.metadata({ topics: [], forceUpdate: true });
    return metadata.brokers.size;
  } catch {
    // Not answering is what a starting broker does; the caller's deadline ends the wait.
    return 0;
  } finally {
    await admin.close();
  }
}
