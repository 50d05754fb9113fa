/** Producing through @platformatic/kafka: one `send` call is one produce request, as all its batches have one leader. */
import { type MessageToProduce, ProduceAcks, Producer } from '@platformatic/kafka';
import type { ProducerConfig } from '../scenario/kafka-defaults.ts';
import type { Batch } from './accumulator.ts';
import { clusterOptions } from './cluster.ts';
import { makeValues } from './payload.ts';
import type { Random } from './random.ts';
import { HEADER_KEY } from './record-source.ts';
import type { ProduceTransport } from './transport.ts';

const ACKS = { '0': ProduceAcks.NO_RESPONSE, '1': ProduceAcks.LEADER, all: ProduceAcks.ALL } as const;
/** Room beside the produce requests for the library's own metadata requests on the same connection. */
const OTHER_REQUESTS = 2;
const RETRY_BACKOFF_MS_MIN = 1;

export interface ProduceTransportOptions {
  readonly clientId: string;
  readonly bootstrapServers: string;
  readonly config: ProducerConfig;
  /** Bytes of the one header of each record, 0 for none. */
  readonly headersBytes: number;
  readonly pool: Buffer;
  readonly random: Random;
}

export function createProduceTransport(options: ProduceTransportOptions): ProduceTransport {
  const { config } = options;
  const acks = ACKS[config.acks];
  const compression = config['compression.type'];
  const backoffMs = Math.max(RETRY_BACKOFF_MS_MIN, config['retry.backoff.ms']);
  const attempts = Math.ceil(config['delivery.timeout.ms'] / backoffMs);
  const producer = new Producer({
    ...clusterOptions(options.bootstrapServers),
    clientId: options.clientId,
    timeout: config['request.timeout.ms'],
    requestTimeout: config['request.timeout.ms'],
    connectTimeout: config['socket.connection.setup.timeout.ms'],
    maxInflights: config['max.in.flight.requests.per.connection'] + OTHER_REQUESTS,
    // Without an answer from the broker only the socket's own buffer tells when to wait.
    handleBackPressure: acks === ProduceAcks.NO_RESPONSE,
    metadataMaxAge: config['metadata.max.age.ms'],
    retries: Math.min(config.retries ?? attempts, attempts),
    retryDelay: backoffMs,
    idempotent: false,
  });
  const headers =
    options.headersBytes === 0
      ? null
      : new Map([[Buffer.from(HEADER_KEY), Buffer.alloc(options.headersBytes - HEADER_KEY.length, 'v')]]);

  return {
    async leaders(topic, refresh) {
      const metadata = await producer.metadata({ topics: [topic], forceUpdate: refresh });
      return metadata.topics.get(topic)?.partitions.map(({ leader }) => leader) ?? [];
    },
    async connect(brokers) {
      await producer.connectToBrokers([...brokers]);
    },
    send(batches, done) {
      const messages = batches.flatMap((batch) => messagesOf(batch));
      producer.send({ messages, acks, compression }, (error) => done(error));
    },
    close: () => producer.close(true),
  };

  function messagesOf(batch: Batch): MessageToProduce[] {
    const { topic, partition } = batch;
    return makeValues(batch, options.pool, options.random).map((value, index) => {
      const message: MessageToProduce = { topic, partition, value };
      if (batch.keys.length > 0) {
        message.key = batch.keys[index];
      }
      if (headers !== null) {
        message.headers = headers;
      }
      return message;
    });
  }
}
