/** Kafka's command-line tools under the names of its scripts, since Maven's jars come without them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOOL_JVM } from './broker-process.ts';
import type { KafkaJars } from './jars.ts';
import { compareVersions } from './kafka-version.ts';

const TOOLS = 'org.apache.kafka.tools';

/** Class of each tool, in Kafka 4. */
const CLASSES: Readonly<Record<string, string>> = {
  'kafka-acls': `${TOOLS}.AclCommand`,
  'kafka-broker-api-versions': `${TOOLS}.BrokerApiVersionsCommand`,
  'kafka-client-metrics': `${TOOLS}.ClientMetricsCommand`,
  'kafka-cluster': `${TOOLS}.ClusterTool`,
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': `${TOOLS}.consumer.ConsoleConsumer`,
  'kafka-console-producer': `${TOOLS}.ConsoleProducer`,
  'kafka-consumer-groups': `${TOOLS}.consumer.group.ConsumerGroupCommand`,
  'kafka-consumer-perf-test': `${TOOLS}.ConsumerPerformance`,
  'kafka-delete-records': `${TOOLS}.DeleteRecordsCommand`,
  'kafka-dump-log': `${TOOLS}.DumpLogSegments`,
  'kafka-e2e-latency': `${TOOLS}.EndToEndLatency`,
  'kafka-features': `${TOOLS}.FeatureCommand`,
  'kafka-get-offsets': `${TOOLS}.GetOffsetShell`,
  'kafka-leader-election': `${TOOLS}.LeaderElectionCommand`,
  'kafka-log-dirs': `${TOOLS}.LogDirsCommand`,
  'kafka-metadata-quorum': `${TOOLS}.MetadataQuorumCommand`,
  'kafka-producer-perf-test': `${TOOLS}.ProducerPerformance`,
  'kafka-reassign-partitions': `${TOOLS}.reassign.ReassignPartitionsCommand`,
  'kafka-storage': 'kafka.tools.StorageTool',
  'kafka-topics': `${TOOLS}.TopicCommand`,
  'kafka-transactions': `${TOOLS}.TransactionsCommand`,
  'kafka-verifiable-consumer': `${TOOLS}.VerifiableConsumer`,
  'kafka-verifiable-producer': `${TOOLS}.VerifiableProducer`,
};

/** Where Kafka 3.9 has another one. */
const CLASSES_OF_3: Readonly<Record<string, string>> = {
  'kafka-console-producer': 'kafka.tools.ConsoleProducer',
  'kafka-dump-log': 'kafka.tools.DumpLogSegments',
};

/** Those that measure get the JVM of Kafka's own scripts: all of its compilers, and room. */
const MEASURING = /perf-test|e2e-latency|verifiable/;
export const MEASURING_JVM = ['-Xmx512M', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:-UsePerfData'];

/**
 * Writes `<name>.sh` for each tool into a directory.
 *
 * @param jvmOptions for all of them, such as where tokens may come from
 */
export function writeToolScripts(
  directory: string,
  jars: KafkaJars,
  jvmOptions: readonly string[] = [],
): void {
  mkdirSync(directory, { recursive: true });
  const classes = compareVersions(jars.version, '4.0.0') < 0 ? { ...CLASSES, ...CLASSES_OF_3 } : CLASSES;
  for (const [name, className] of Object.entries(classes)) {
    const jvm = [...(MEASURING.test(name) ? MEASURING_JVM : TOOL_JVM), ...jvmOptions];
    const command = [jars.java, ...jvm, '-cp', jars.classpath, className].map(quote).join(' ');
    writeFileSync(join(directory, `${name}.sh`), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
