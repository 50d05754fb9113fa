/** A small client of Jolokia's JVM agent: many MBean attributes in one HTTP request. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

export interface MBeanRead {
  /** An object name; a pattern (`name=*`) gives every MBean that matches. */
  readonly mbean: string;
  readonly attributes: readonly string[];
  /** Of a composite attribute, the part to read; it is then the one attribute, and the value's name. */
  readonly path?: string;
}

/** Attributes by MBean (canonical: `domain:` and its keys sorted by `mbeanKey`), then by attribute name. */
export type MBeanValues = ReadonlyMap<string, Readonly<Record<string, number>>>;

/** The same few names are asked for every second. */
const keysByName = new Map<string, string>();

/** An idle connection keeps no process alive. */
const agent = new Agent({ keepAlive: true });

const ANSWER_TIMEOUT_MS = 5_000;

const answers = z.array(
  z.object({ status: z.number(), error: z.string().optional(), value: z.unknown().optional() }),
);
/** What is not a number (text, or the NaN of a gauge without samples) is left out. */
const attributeNumbers = z
  .record(z.string(), z.unknown())
  .transform((values) =>
    Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    ),
  );
const attributeNumbersByMBean = z.record(z.string(), attributeNumbers);

/**
 * Reads numeric attributes in bulk. An MBean that does not exist (a metric that Kafka has not needed yet) is left out.
 *
 * @throws Error when the agent does not answer or refuses the request.
 */
export async function readMBeans(url: string, reads: readonly MBeanRead[]): Promise<MBeanValues> {
  const requests = reads.map(({ mbean, attributes, path }) =>
    path === undefined
      ? { type: 'read', mbean, attribute: attributes }
      : { type: 'read', mbean, attribute: attributes[0], path },
  );
  const found = answers.parse(await post(url, requests));
  return new Map(
    found.flatMap((answer, index) => {
      if (answer.status === 404) return [];
      if (answer.status !== 200) throw new Error(`Jolokia at ${url}: ${answer.error ?? answer.status}`);
      const { mbean, path } = reads[index];
      if (path !== undefined) return [[mbeanKey(mbean), { [path]: z.number().parse(answer.value) }] as const];
      const values = mbean.includes('*')
        ? attributeNumbersByMBean.parse(answer.value)
        : { [mbean]: attributeNumbers.parse(answer.value) };
      return Object.entries(values).map(([name, value]) => [mbeanKey(name), value] as const);
    }),
  );
}

/**
 * The text of a thread dump as `jcmd Thread.print` prints it, which needs no JDK on this machine.
 *
 * @throws Error when the agent does not answer.
 */
export async function readThreadDump(url: string): Promise<string> {
  const request = {
    type: 'exec',
    mbean: 'com.sun.management:type=DiagnosticCommand',
    operation: 'threadPrint',
    arguments: [[]],
  };
  const [answer] = answers.parse(await post(url, [request]));
  return z.string().parse(answer.value);
}

/** One spelling for an object name, whose keys come in any order: keys sorted. */
export function mbeanKey(name: string): string {
  const known = keysByName.get(name);
  if (known !== undefined) return known;
  const colon = name.indexOf(':');
  const keys = name.slice(colon + 1).split(',');
  const key = `${name.slice(0, colon)}:${keys.sort().join(',')}`;
  keysByName.set(name, key);
  return key;
}

/** By plain `http` on a kept connection: half the CPU of `fetch`, which counts when a load is being measured. */
async function post(url: string, body: unknown): Promise<unknown> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const sent = request(`${url}?includeRequest=false`, { method: 'POST', agent, signal });
  sent.end(JSON.stringify(body));
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const answer = await text(response);
    if (response.statusCode !== 200) throw new Error(`Jolokia at ${url} answered ${response.statusCode}`);
    return JSON.parse(answer);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error(`Jolokia at ${url} did not answer within ${ANSWER_TIMEOUT_MS / 1000} s`, {
      cause: error,
    });
  }
}
