/** A small client of Jolokia's JVM agent: many MBean attributes in one HTTP request. */
import { z } from 'zod';

export interface MBeanRead {
  /** An object name; a pattern (`name=*`) gives every MBean that matches. */
  readonly mbean: string;
  readonly attributes: readonly string[];
}

/** Attributes by MBean (canonical: `domain:` and its keys sorted by `mbeanKey`), then by attribute name. */
export type MBeanValues = ReadonlyMap<string, Readonly<Record<string, number>>>;

const ANSWER_TIMEOUT_MS = 5_000;

const answers = z.array(
  z.object({ status: z.number(), error: z.string().optional(), value: z.unknown().optional() }),
);
const attributeNumbers = z.record(z.string(), z.number());
const attributeNumbersByMBean = z.record(z.string(), attributeNumbers);

/**
 * Reads numeric attributes in bulk. An MBean that does not exist (a metric that Kafka has not needed yet) is left out.
 *
 * @throws Error when the agent does not answer or refuses the request.
 */
export async function readMBeans(url: string, reads: readonly MBeanRead[]): Promise<MBeanValues> {
  const requests = reads.map(({ mbean, attributes }) => ({ type: 'read', mbean, attribute: attributes }));
  const found = answers.parse(await post(url, requests));
  return new Map(
    found.flatMap((answer, index) => {
      if (answer.status === 404) return [];
      if (answer.status !== 200) throw new Error(`Jolokia at ${url}: ${answer.error ?? answer.status}`);
      const { mbean } = reads[index];
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
  const colon = name.indexOf(':');
  const keys = name.slice(colon + 1).split(',');
  return `${name.slice(0, colon)}:${keys.sort().join(',')}`;
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`Jolokia at ${url} answered ${response.status}`);
  return response.json();
}
