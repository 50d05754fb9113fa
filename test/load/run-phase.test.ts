import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { EXIT, UserError } from '../../src/errors/errors.ts';
import { runPhase } from '../../src/load/run-phase.ts';
import { createTopics } from '../../src/load/topics.ts';
import { examplePhase, exampleProducer, exampleScenario } from './example-scenario.ts';

/** An address where nothing listens. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : assert.fail();
}

const unreachable = (server: string) => (error: unknown) => {
  assert.ok(error instanceof UserError);
  assert.equal(error.exitCode, EXIT.clusterUnreachable);
  assert.equal(error.lines.length, 1);
  assert.match(
    error.lines[0],
    new RegExp(`cannot reach a Kafka broker at ${server}: .*ECONNREFUSED.*; check`),
  );
  return true;
};

test('a cluster that is not there is one line with its address and what to do', async () => {
  const bootstrapServers = await closedPort();
  const scenario = exampleScenario();
  await assert.rejects(createTopics({ scenario, bootstrapServers }), unreachable(bootstrapServers));
  await assert.rejects(
    runPhase({ scenario, phase: examplePhase(), bootstrapServers }),
    unreachable(bootstrapServers),
  );
});

test('a scenario that cannot be driven is refused before anything starts, with all refusals at once', async () => {
  const scenario = exampleScenario({
    producers: [
      exampleProducer({ client: 'java', topics: ['orders'], stated: { 'compression.lz4.level': '3' } }),
    ],
  });
  await assert.rejects(
    runPhase({ scenario, phase: examplePhase(), bootstrapServers: await closedPort() }),
    (error: unknown) =>
      error instanceof UserError && error.exitCode === EXIT.badInput && error.lines.length === 2,
  );
});
