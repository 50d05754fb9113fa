/** Which cluster a command drives, and how to get into it. */
import { UserError } from '../errors/errors.ts';
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

/** A running cluster, if one is named anywhere, and the way into it. */
export interface RunningCluster {
  readonly bootstrapServer?: string;
  readonly access: ClusterAccess;
}

/**
 * The cluster that the command line or its properties file names.
 *
 * @throws UserError for a properties file that cannot be used, or does not say which cluster it is of
 */
export async function runningCluster(options: ClientOptions): Promise<RunningCluster> {
  const { bootstrapServers, access } = await clientAccess(options);
  if (bootstrapServers === null && options.commandConfig !== undefined) {
    throw new UserError(
      `${options.commandConfig}: expected bootstrap.servers in it, or --bootstrap-server, found neither; say which cluster it is of`,
    );
  }
  return namedCluster(bootstrapServers, access);
}

export function namedCluster(bootstrapServers: string | null, access: ClusterAccess): RunningCluster {
  return bootstrapServers === null ? { access } : { bootstrapServer: bootstrapServers, access };
}

/** The access of settings that stand in another file. */
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
