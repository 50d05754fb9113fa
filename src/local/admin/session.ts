/**
 * Asking a running cluster by Kafka's protocol. A request goes to any broker that answers, as brokers pass on what is the
 * controller's; it is repeated elsewhere when a broker is down or silent, and for a while when no controller is there.
 * Requests are therefore such that it does no harm to carry them out twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Broker,
  type Connection,
  ConnectionPool,
  metadataV12,
  ResponseError,
} from '@platformatic/kafka';
import { UserError } from '../../errors/errors.ts';
import { clusterTrouble, isPassing, kafkaWords } from './kafka-error.ts';

export interface AdminTarget {
  /** `host:port`, separated by commas. */
  readonly bootstrapServers: string;
  /** Aborting it rejects with its reason at once. */
  readonly signal?: AbortSignal | undefined;
}

const CONNECT_TIMEOUT_MS = 2_000;
const ANSWER_TIMEOUT_MS = 5_000;
/** How long brokers that refuse connections are tried again. */
const UNREACHABLE_MS = 2_000;
/** How long errors are borne that pass with the election of a controller. */
const PASSING_MS = 10_000;
const RETRY_MS = 200;

export type AdminRequest<Answer> = (connection: Connection) => Promise<Answer>;

/** What became of a request at one or several brokers. */
type Outcome<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** It was carried out or not, and the answer holds an error that passes. */
  | { readonly kind: 'passing'; readonly answer: Answer; readonly words: string }
  | { readonly kind: 'silent'; readonly words: string };

export class AdminSession {
  readonly #pool: ConnectionPool;
  readonly #signal: AbortSignal | undefined;
  /** The one that answered last comes first. */
  #servers: readonly Broker[];

  constructor(target: AdminTarget) {
    this.#servers = parseServers(target.bootstrapServers);
    this.#signal = target.signal;
    this.#pool = new ConnectionPool('brokertwin-admin', {
      connectTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
    });
  }

  /**
   * Sends a request to any broker and returns the answer, also one that holds errors of single items.
   *
   * @throws UserError (exit 3) when no broker answers within a few seconds.
   */
  call<Answer>(request: AdminRequest<Answer>): Promise<Answer> {
    return this.#untilAnswered(request, () => this.#servers);
  }

  /**
   * The same for a request that one particular broker must answer.
   *
   * @throws UserError (exit 3) when that broker is not part of the cluster now, or does not answer.
   */
  async callBroker<Answer>(brokerId: number, request: AdminRequest<Answer>): Promise<Answer> {
    const { brokers } = await this.call((connection) => metadataV12.api.async(connection, [], false));
    const broker = brokers.find(({ nodeId }) => nodeId === brokerId);
    if (broker === undefined) {
      const running = brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b);
      throw clusterTrouble(
        `broker ${brokerId}: expected it to be up, found only brokers ${running.join(', ')}: start it first`,
      );
    }
    return this.#untilAnswered(request, () => [broker]);
  }

  /** Asks one broker once; null when there is no answer within `withinMs`, or one that will be another in a moment. */
  async callOnce<Answer>(withinMs: number, request: AdminRequest<Answer>): Promise<Answer | null> {
    const late = sleep(withinMs, null, { ref: false });
    const outcome = await Promise.race([this.#ask(request, this.#servers[0]), late]);
    return outcome?.kind === 'answered' ? outcome.answer : null;
  }

  /** Waits, unless the signal aborts. */
  async pause(milliseconds: number): Promise<void> {
    try {
      await sleep(milliseconds, undefined, this.#signal === undefined ? {} : { signal: this.#signal });
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw error;
    }
  }

  /** Ends all connections at once, whatever state they are in. */
  close(): void {
    for (const [, connection] of [...this.#pool]) {
      connection.on('error', () => undefined);
      connection.socket.destroy();
    }
  }

  async #untilAnswered<Answer>(
    request: AdminRequest<Answer>,
    servers: () => readonly Broker[],
  ): Promise<Answer> {
    const startedAt = performance.now();
    for (;;) {
      const outcome = await this.#attempt(request, servers(), startedAt + PASSING_MS);
      if (outcome.kind === 'answered') return outcome.answer;
      const elapsedMs = performance.now() - startedAt;
      if (outcome.kind === 'passing' && elapsedMs > PASSING_MS) return outcome.answer;
      if (outcome.kind === 'silent' && elapsedMs > UNREACHABLE_MS) {
        throw clusterTrouble(
          `no broker answered within ${Math.round(elapsedMs / 1000)} s: ${outcome.words}: check that the cluster runs`,
        );
      }
      await this.pause(RETRY_MS);
    }
  }

  /** Asks one server after the other until one answers or `deadline` has passed. */
  async #attempt<Answer>(
    request: AdminRequest<Answer>,
    servers: readonly Broker[],
    deadline: number,
  ): Promise<Outcome<Answer>> {
    const silent: string[] = [];
    for (const server of servers) {
      const outcome = await this.#ask(request, server);
      if (outcome.kind !== 'silent') {
        this.#preferServer(server);
        return outcome;
      }
      silent.push(outcome.words);
      if (performance.now() > deadline) break;
    }
    return { kind: 'silent', words: silent.join('; ') };
  }

  async #ask<Answer>(request: AdminRequest<Answer>, server: Broker): Promise<Outcome<Answer>> {
    this.#signal?.throwIfAborted();
    const stop = (): void => this.close();
    this.#signal?.addEventListener('abort', stop, { once: true });
    try {
      const connection = await this.#pool.get(server);
      return { kind: 'answered', answer: await request(connection) };
    } catch (error) {
      this.#signal?.throwIfAborted();
      return failedOutcome<Answer>(error, server);
    } finally {
      this.#signal?.removeEventListener('abort', stop);
    }
  }

  #preferServer(server: Broker): void {
    if (!this.#servers.includes(server)) return;
    this.#servers = [server, ...this.#servers.filter((other) => other !== server)];
  }
}

/** Runs `work` with a session and ends the session after it. */
export async function withSession<Result>(
  target: AdminTarget,
  work: (session: AdminSession) => Promise<Result>,
): Promise<Result> {
  target.signal?.throwIfAborted();
  const session = new AdminSession(target);
  try {
    return await work(session);
  } finally {
    session.close();
  }
}

/** The library throws an answer with any error in it; here it is an answer like all others. */
function failedOutcome<Answer>(error: unknown, server: Broker): Outcome<Answer> {
  if (!(error instanceof Error)) throw error;
  if (error instanceof ResponseError) {
    const answer: Answer = error.response;
    const codes = error.errors.map(({ apiCode }) => Number(apiCode));
    const passing = codes.find(isPassing);
    if (passing === undefined) return { kind: 'answered', answer };
    return { kind: 'passing', answer, words: kafkaWords(passing, null) };
  }
  const silent = 'code' in error && (error.code === 'PLT_KFK_NETWORK' || error.code === 'PLT_KFK_TIMEOUT');
  if (!silent) throw error;
  return { kind: 'silent', words: `${server.host}:${server.port} ${reasonOf(error)}` };
}

function reasonOf(error: Error): string {
  if (error.message.includes('timed out')) return 'did not answer in time';
  const cause = error.cause;
  if (cause instanceof Error && 'code' in cause) {
    return cause.code === 'ECONNREFUSED' ? 'refused the connection' : `failed with ${String(cause.code)}`;
  }
  return 'closed the connection';
}

function parseServers(bootstrapServers: string): Broker[] {
  return bootstrapServers.split(',').map((server) => {
    const parts = /^\s*(.+):(\d+)\s*$/.exec(server);
    if (parts === null) {
      throw new UserError(`bootstrap servers: expected host:port separated by commas, found "${server}"`);
    }
    return { host: parts[1], port: Number(parts[2]) };
  });
}
