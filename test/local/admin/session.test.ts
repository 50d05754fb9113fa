import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import { describeCluster } from '../../../src/local/admin/describe-cluster.ts';
import { kafkaWords } from '../../../src/local/admin/kafka-error.ts';

/** A server that accepts connections and never says anything, as a paused broker does. */
async function silentServer(context: TestContext): Promise<string> {
  const server = createServer();
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  return `127.0.0.1:${address.port}`;
}

async function refusal(attempt: Promise<unknown>): Promise<UserError> {
  const startedAt = performance.now();
  const error = await attempt.then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.ok(performance.now() - startedAt < 8_000, 'it took too long');
  return error;
}

suite('a cluster that does not answer', { concurrency: true }, () => {
  test('refused connections are an error within seconds', async () => {
    const error = await refusal(describeCluster({ bootstrapServers: '127.0.0.1:1, 127.0.0.1:2' }));
    assert.equal(error.exitCode, 3);
    assert.match(error.message, /127\.0\.0\.1:1 refused the connection; 127\.0\.0\.1:2 refused/);
  });

  test('silence is an error within seconds', async (context) => {
    const error = await refusal(describeCluster({ bootstrapServers: await silentServer(context) }));
    assert.equal(error.exitCode, 3);
    assert.match(error.message, /did not answer in time/);
  });

  test('an abort ends the wait at once, with its reason', async (context) => {
    for (const bootstrapServers of [await silentServer(context), '127.0.0.1:1']) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const startedAt = performance.now();
      const attempt = describeCluster({ bootstrapServers, signal: controller.signal });
      setTimeout(() => controller.abort(reason), 300);
      await assert.rejects(attempt, (error) => error === reason);
      assert.ok(performance.now() - startedAt < 1_500);
    }
  });

  test('an address without a port is bad input', async () => {
    const error = await refusal(describeCluster({ bootstrapServers: 'localhost' }));
    assert.equal(error.exitCode, 2);
  });
});

test("Kafka's own words come first, its general ones else", () => {
  assert.equal(kafkaWords(42, 'No such thing.'), 'No such thing (INVALID_REQUEST)');
  assert.match(kafkaWords(3, null), /^This server does not host .* \(UNKNOWN_TOPIC_OR_PARTITION\)$/);
  assert.equal(kafkaWords(9999, null), 'error 9999');
});
