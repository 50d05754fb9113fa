/** Command lines of Kafka's perf tools for the clients of a scenario: one process for each client. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadPlace } from '../load/load-process.ts';
import type { KafkaJars } from '../local/kafka/jars.ts';
import { MEASURING_JVM } from '../local/kafka/tool-scripts.ts';
import { javaProperties } from '../local/security/java-properties.ts';
import { planClientThreads } from '../scenario/client-threads.ts';
import type { ConsumerClass, ProducerClass, Scenario } from '../scenario/scenario.ts';
import { topicNames } from '../scenario/topic-names.ts';
import type { ToolCommand } from './perf-tool.ts';

/** The tools print a line for each of these. */
const REPORT_MS = 1000;
const TOOLS = 'org.apache.kafka.tools';

export interface CommandContext {
  readonly scenario: Scenario;
  readonly jars: KafkaJars;
  readonly bootstrapServers: string;
  readonly places: readonly LoadPlace[];
  /** For the clients' properties files; removed after the phase. */
  readonly directory: string;
}

/** One client of the scenario and the machine that it is on. */
export interface PlacedClient {
  readonly role: 'producers' | 'consumers';
  readonly classIndex: number;
  /** Number of the client inside its class. */
  readonly client: number;
  readonly host: string;
  readonly machine: number;
  /** `checkout-1` */
  readonly name: string;
}

/** All clients of a role, spread over machines as both arms do it. */
export function placedClients(scenario: Scenario, role: PlacedClient['role']): PlacedClient[] {
  return planClientThreads(scenario)
    .filter((thread) => thread.role === role)
    .flatMap(({ host, machine, clients }) =>
      clients.map(({ classIndex, client }) => ({
        role,
        classIndex,
        client,
        host,
        machine,
        name: `${scenario[role][classIndex].name}-${client + 1}`,
      })),
    );
}

/** @param load records in all, those of them that warm up, and the rate, or -1 for as fast as they are taken */
export function producerCommand(
  context: CommandContext,
  client: PlacedClient,
  load: { readonly records: number; readonly warmUpRecords: number; readonly recordsPerSecond: number },
): ToolCommand {
  const of = context.scenario.producers[client.classIndex];
  const { value } = of.record;
  if (value.kind !== 'constant') throw new Error('a perf tool with values of several sizes');
  return toolCommand(context, client, 'ProducerPerformance', producerProperties(of), [
    ...['--topic', topicOf(context.scenario, of)],
    ...['--num-records', String(load.records)],
    ...['--record-size', String(value.bytes)],
    ...['--throughput', String(load.recordsPerSecond)],
    ...['--reporting-interval', String(REPORT_MS)],
    ...(load.warmUpRecords > 0 ? ['--warmup-records', String(load.warmUpRecords)] : []),
    '--print-metrics',
  ]);
}

/** @param until the tool ends when it has read so many records, or has had none for so long */
export function consumerCommand(
  context: CommandContext,
  client: PlacedClient,
  until: { readonly records: number; readonly silenceMs: number },
): ToolCommand {
  const of = context.scenario.consumers[client.classIndex];
  // The tool sets these itself, whatever a properties file says.
  const { 'max.partition.fetch.bytes': fetchBytes, 'receive.buffer.bytes': bufferBytes } = of.config;
  return toolCommand(context, client, 'ConsumerPerformance', of.stated, [
    ...['--topic', topicOf(context.scenario, of)],
    ...['--group', of.group],
    ...['--num-records', String(until.records)],
    ...['--timeout', String(Math.ceil(until.silenceMs))],
    ...['--fetch-size', String(fetchBytes)],
    ...['--socket-buffer-size', String(bufferBytes)],
    ...['--reporting-interval', String(REPORT_MS)],
    '--show-detailed-stats',
    '--print-metrics',
  ]);
}

function toolCommand(
  { jars, bootstrapServers, places, directory }: CommandContext,
  { host, machine, name, role }: PlacedClient,
  tool: string,
  properties: Readonly<Record<string, string>>,
  args: readonly string[],
): ToolCommand {
  const file = join(directory, `${role}-${name}.properties`);
  writeFileSync(file, javaProperties({ 'client.id': name, ...properties }));
  const place = places.find((one) => one.host === host && one.machine === machine);
  const java = [jars.java, ...MEASURING_JVM, '-cp', jars.classpath, `${TOOLS}.${tool}`];
  const common = ['--bootstrap-server', bootstrapServers, '--command-config', file];
  return { name, command: [...(place?.command ?? []), ...java, ...common, ...args] };
}

function producerProperties({ stated, config }: ProducerClass): Record<string, string> {
  // Its default is another one in Kafka 3.
  return { 'linger.ms': String(config['linger.ms']), ...stated };
}

function topicOf(scenario: Scenario, { topics: [name] }: ProducerClass | ConsumerClass): string {
  const topics = scenario.topics.find((one) => one.name === name);
  if (topics === undefined) throw new Error(`no topics "${name}"`);
  return topicNames(topics)[0];
}
