/** Phases against real clusters, for the tests of this room. */
import { readClientProperties } from '../../src/load/access/client-properties.ts';
import { type ClusterAccess, PLAINTEXT_ACCESS } from '../../src/load/access/cluster-access.ts';
import type { LoadResult } from '../../src/load/load-result.ts';
import { type RunPhaseOptions, runPhase } from '../../src/load/run-phase.ts';
import { createTopics, deleteTopics, logEnds } from '../../src/load/topics.ts';
import { type MBeanRead, readMBeans } from '../../src/local/observe/jolokia.ts';

export interface Way {
  readonly bootstrapServers: string;
  readonly access?: ClusterAccess;
}

export interface Played {
  readonly result: LoadResult;
  /** Records in the topics, by Kafka. */
  readonly records: number;
}

/** The way that a client's properties file shows. */
export function wayOf(file: string): Required<Way> {
  const { bootstrapServers, access } = readClientProperties(file);
  if (bootstrapServers === null) throw new Error(`${file} does not say which cluster it is of`);
  return { bootstrapServers, access };
}

/** Makes the topics, plays a phase and deletes them. They are made and counted by `admin`, the phase's own way if left out. */
export async function playPhase(
  options: Pick<RunPhaseOptions, 'scenario' | 'phase'> & Partial<RunPhaseOptions> & Way,
  admin: Way = options,
): Promise<Played> {
  const { access = PLAINTEXT_ACCESS, bootstrapServers } = admin;
  const task = { scenario: options.scenario, bootstrapServers, access };
  await createTopics(task);
  try {
    const result = await runPhase(options);
    const ends = await logEnds(task);
    return { result, records: ends.reduce((sum, end) => sum + end, 0) };
  } finally {
    await deleteTopics(task);
  }
}

/** Sum of an attribute over the MBeans that match; 0 for none. */
export async function sumOfMBeans(url: string | null | undefined, read: MBeanRead): Promise<number> {
  if (url === null || url === undefined) throw new Error('the broker has no metrics agent');
  const [attribute] = read.attributes;
  const found = await readMBeans(url, [read]);
  return [...found.values()].reduce((sum, values) => sum + (values[attribute] ?? 0), 0);
}
