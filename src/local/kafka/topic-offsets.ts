/** What Kafka's own command-line tool sees in a topic, as a check on our own counting. */
import { EXIT, UserError } from '../../errors/errors.ts';
import { runTool } from '../system/tool.ts';
import { TOOL_JVM } from './broker-process.ts';
import type { KafkaJars } from './jars.ts';

/**
 * End offset of each partition of a topic by Kafka's GetOffsetShell; takes a few seconds.
 *
 * @throws UserError (exit 3) when the tool fails or finds no partition.
 */
export async function endOffsetsByKafkaTool(
  jars: KafkaJars,
  bootstrapServers: string,
  topic: string,
): Promise<Map<number, number>> {
  const tool = ['org.apache.kafka.tools.GetOffsetShell', '--bootstrap-server', bootstrapServers];
  // The tool takes a pattern: a dot would match any character.
  const pattern = topic.replaceAll('.', '\\.');
  const run = await runTool(jars.java, [...TOOL_JVM, '-cp', jars.classpath, ...tool, '--topic', pattern]);
  const lines = run?.lines ?? [];
  const offsets = parseEndOffsets(lines, topic);
  if (run?.exitCode === 0 && offsets.size > 0) return offsets;
  throw new UserError(
    `Kafka's GetOffsetShell found no end offsets of topic ${topic} at ${bootstrapServers}: ${lines.findLast((line) => line !== '') ?? 'no output'}`,
    EXIT.clusterUnreachable,
  );
}

/** Parses the tool's lines `topic:partition:offset`; others (warnings) are not its result. */
export function parseEndOffsets(lines: readonly string[], topic: string): Map<number, number> {
  const rows = lines.flatMap((line) => {
    const match = /^(.+):(\d+):(\d+)$/.exec(line);
    return match !== null && match[1] === topic ? [[Number(match[2]), Number(match[3])] as const] : [];
  });
  return new Map(rows);
}
