import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainStartFailure, hasFailedToStart } from '../../../src/local/kafka/start-failure.ts';

// Lines as Kafka 4.3.1 and OpenJDK 17 wrote them.
const PORT_TAKEN = `Jolokia: Agent 2.6.0 started with URL http://127.0.0.1:30002/jolokia and PID 13202
[2026-11-23 02:29:05,105] ERROR Unable to start acceptor for PLAINTEXT (kafka.network.DataPlaneAcceptor)
org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:28123: Address already in use.
	at kafka.network.Acceptor.openServerSocket(SocketServer.scala:571) ~[kafka_2.13-4.3.1.jar:?]
[2026-11-23 02:29:05,109] ERROR [BrokerServer id=1] Fatal error during broker startup. Prepare to shutdown (kafka.server.BrokerServer)`;

test('a taken port is named with its number', () => {
  assert.deepEqual(explainStartFailure(PORT_TAKEN), {
    kind: 'port',
    message:
      'a port it needs is taken by another process (KafkaException: Socket server failed to bind to 127.0.0.1:28123: Address already in use.)',
  });
});

test('a broker that logs a fatal error, or an agent that cannot listen, has failed before its process ends', () => {
  assert.equal(hasFailedToStart(PORT_TAKEN), true);
  assert.equal(
    hasFailedToStart('Could not start Jolokia agent: java.net.BindException: Address already in use'),
    true,
  );
  assert.equal(
    hasFailedToStart(
      '[2026-11-23 02:29:05,109] INFO [BrokerServer id=1] Transition from STARTING to STARTED',
    ),
    false,
  );
});

test('a heap that is too small is a matter of memory', () => {
  const { kind, message } = explainStartFailure(
    'Terminating due to java.lang.OutOfMemoryError: Java heap space\n',
  );
  assert.equal(kind, 'memory');
  assert.match(message, /^memory ran out \(Terminating due to OutOfMemoryError: Java heap space\)/);
});

test('a full disk is told whatever follows from it', () => {
  const log = `[2026-11-23 02:29:05,105] ERROR Error while writing (o.a.k.Log)
java.io.IOException: No space left on device
[2026-11-23 02:29:06,105] ERROR Shutdown broker because all log dirs have failed (kafka.log.LogManager)`;
  assert.equal(explainStartFailure(log).kind, 'disk');
});

test('a value that Kafka refuses is told in its own words', () => {
  const log = `Exception in thread "main" org.apache.kafka.common.config.ConfigException: Invalid value 0 for configuration num.io.threads: Value must be at least 1
	at org.apache.kafka.common.config.ConfigDef$Range.ensureValid(ConfigDef.java:961)`;
  assert.deepEqual(explainStartFailure(log), {
    kind: 'config',
    message:
      'Kafka refuses its configuration: ConfigException: Invalid value 0 for configuration num.io.threads: Value must be at least 1',
  });
});

test('of an unknown failure the last errors are shown, without frames of its stack', () => {
  const log = `[2026-11-23 02:29:05,100] INFO starting (kafka.Kafka)
[2026-11-23 02:29:05,105] ERROR something broke (kafka.Kafka)
java.lang.IllegalStateException: it is broken
	at kafka.Kafka.main(Kafka.scala:1)
	... 3 more
[2026-11-23 02:29:05,110] INFO bye (kafka.Kafka)`;
  assert.equal(
    explainStartFailure(log).message,
    'its last words: something broke (Kafka) | IllegalStateException: it is broken',
  );
  assert.equal(explainStartFailure('killed\n').message, 'its last words: killed');
  assert.equal(explainStartFailure('').message, 'it wrote nothing');
});
