/** How the generator's clients reach the cluster, and how trouble with it is told. */
import { EXIT, UserError } from '../errors/errors.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Options that every client of the library gets. */
export function clusterOptions(bootstrapServers: string): {
  bootstrapBrokers: string[];
  connectTimeout: number;
  requestTimeout: number;
  retries: number;
  retryDelay: number;
} {
  return {
    bootstrapBrokers: bootstrapServers.split(',').map((server) => server.trim()),
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: 30_000,
    retries: 3,
    retryDelay: 200,
  };
}

/** A failure of a client as one line for the user (exit 3); errors that are no failure of a client as they are. */
export function asUserError(error: unknown, bootstrapServers: string): unknown {
  if (error instanceof UserError || !(error instanceof Error) || !isClientError(error)) {
    return error;
  }
  const causes = [...new Set(messages(error))];
  const line = isNetworkError(error)
    ? `cannot reach a Kafka broker at ${bootstrapServers}: ${causes.at(-1)}; check the address, and that the brokers run and their advertised.listeners can be reached from here`
    : `the Kafka cluster at ${bootstrapServers} refused: ${causes.join(': ')}`;
  return new UserError(line, EXIT.clusterUnreachable, { cause: error });
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
