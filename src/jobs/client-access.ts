/** Which cluster a command drives, and how to get into it. */

import type { ClientProperties } from '../load/access/client-properties.ts';
import { type ClusterAccess, PLAINTEXT_ACCESS } from '../load/access/cluster-access.ts';

export interface ClientOptions {
  readonly bootstrapServer?: string;
  /** A Java client's properties file. */
  readonly commandConfig?: string;
}

/**
 * What the command line says of the cluster, and then the properties file that it names.
 *
 * @throws UserError for a properties file that cannot be read or used
 */
export async function clientAccess({
  bootstrapServer,
  commandConfig,
}: ClientOptions): Promise<ClientProperties> {
  if (commandConfig === undefined) {
    return { bootstrapServers: bootstrapServer ?? null, access: PLAINTEXT_ACCESS, rest: new Map() };
  }
  const { readClientProperties } = await clientProperties();
  const read = readClientProperties(commandConfig);
  return { ...read, bootstrapServers: bootstrapServer ?? read.bootstrapServers };
}

/** The same for settings that stand in another file. */
export async function accessIn(
  file: string,
  settings: Readonly<Record<string, string>>,
): Promise<ClusterAccess> {
  const { clientPropertiesIn } = await clientProperties();
  return clientPropertiesIn(file, settings).access;
}

/** Reading key stores takes a library that a run without TLS need not load. */
function clientProperties(): Promise<typeof import('../load/access/client-properties.ts')> {
  return import('../load/access/client-properties.ts');
}
