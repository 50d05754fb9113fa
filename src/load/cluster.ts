/** How the generator's clients reach the cluster, and how trouble with it is told. */
import { EXIT, UserError } from '../errors/errors.ts';
import { accessFailure } from './access/access-failure.ts';
import type { ClusterAccess } from './access/cluster-access.ts';
import type { LibraryAccess } from './access/library-access.ts';
import { withoutSecrets } from './access/secrets.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** A cluster and how clients get into it. */
export interface TargetCluster {
  /** Brokers to begin with: host:port, separated by commas. */
  readonly bootstrapServers: string;
  readonly access: ClusterAccess;
}

/** Options that every client of the library gets. */
export function clusterOptions(
  bootstrapServers: string,
  access: LibraryAccess,
): LibraryAccess & {
  bootstrapBrokers: string[];
  connectTimeout: number;
  requestTimeout: number;
  retries: number;
  retryDelay: number;
} {
  return {
    ...access,
    bootstrapBrokers: bootstrapServers.split(',').map((server) => server.trim()),
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: 30_000,
    retries: 3,
    retryDelay: 200,
  };
}

/** A failure of a client as one line for the user (exit 3); errors that are no failure of a client as they are. */
export function asUserError(error: unknown, { bootstrapServers, access }: TargetCluster): unknown {
  if (error instanceof UserError || !(error instanceof Error) || !isClientError(error)) {
    return error;
  }
  const shown = (line: string) =>
    new UserError(withoutSecrets(line, access), EXIT.clusterUnreachable, { cause: error });
  const refused = accessFailure(chain(error), access);
  if (refused !== null) {
    return shown(`${bootstrapServers}: ${refused}`);
  }
  const causes = [...new Set(messages(error))];
  const line = isNetworkError(error)
    ? `cannot reach a Kafka broker at ${bootstrapServers}: ${causes.at(-1)}; check the address, and that the brokers run and their advertised.listeners can be reached from here`
    : `the Kafka cluster at ${bootstrapServers} refused: ${causes.join(': ')}`;
  return shown(line);
}

function isClientError(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('PLT_KFK_');
}

function isNetworkError(error: Error): boolean {
  const all = chain(error);
  const network = ['PLT_KFK_NETWORK', 'PLT_KFK_TIMEOUT'];
  return all.some((one) => 'code' in one && typeof one.code === 'string' && network.includes(one.code));
}

function messages(error: Error): string[] {
  return chain(error)
    .filter((one) => !(one instanceof AggregateError) || one.errors.length === 0)
    .map((one) => one.message.replace(/\.$/, ''));
}

/** The error, its causes and the errors it collects, outermost first. */
function chain(error: Error): Error[] {
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [error, ...inner.filter((one) => one instanceof Error).flatMap((one) => chain(one))];
}
