/**
 * What compressing and encrypting cost, in CPU of the thread that does it: Kafka's codecs and the JDK's TLS in small Java
 * programs, and what our generator's library uses, in this process. Prints how well the fitted costs give back each
 * measurement; with --profile FILE it writes them there. Takes about 3 minutes; leave the machine alone meanwhile.
 *
 *   node bench/codecs/bench-codecs.ts [--only codecs|tls] [--profile profiles/reference-2core.json]
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { fitNonNegative } from '../../src/jobs/calibration/least-squares.ts';
import { obtainKafkaJars } from '../../src/local/kafka/jars.ts';
import type { Cost, CostName, Profile } from '../../src/profile/profile.ts';
import { writeProfile } from '../../src/profile/read-profile.ts';
import { type CodecRow, fitCodecs } from './fit.ts';
import { measureNodeCodecs } from './node-codecs.ts';
import { measureNodeTls, type TlsRow } from './node-tls.ts';

const KAFKA = '4.3.1';
const PASSWORD = 'secret';
const run = promisify(execFile);

type Costs = Partial<Record<CostName, Cost>>;

const { profile: file, only } = parseArgs({
  options: { profile: { type: 'string' }, only: { type: 'string' } },
}).values;
const jars = await obtainKafkaJars({ version: KAFKA, progress: (line) => console.error(line) });
const codecs = only === 'tls' ? [] : [await javaCodecCosts(), nodeCodecCosts()];
const encryption = only === 'codecs' ? {} : { ...(await javaTls()), ...(await nodeTls()) };
const costs: Costs = Object.assign({}, ...codecs.map((of) => of.costs), encryption);
for (const line of codecs.flatMap(({ lines }) => lines)) console.log(line);
for (const [name, { value, source }] of Object.entries(costs))
  console.log(name, value.toPrecision(4), source);
if (file !== undefined) {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  writeProfile(file, { ...profile, costs: { ...profile.costs, ...costs } });
}

async function javaCodecCosts(): Promise<ReturnType<typeof fitCodecs>> {
  const source = `thread CPU of Kafka ${KAFKA}'s own codecs: batches built and walked, less the same uncompressed (bench/codecs)`;
  return fitCodecs('java', await javaCodecs(), source);
}

function nodeCodecCosts(): ReturnType<typeof fitCodecs> {
  const source = "thread CPU of the codecs of the generator's library (bench/codecs)";
  return fitCodecs('brokertwin', measureNodeCodecs(), source);
}

async function javaCodecs(): Promise<CodecRow[]> {
  interface Line extends Omit<CodecRow, 'decompressNs'> {
    readonly validateNs: number;
    readonly decodeNs: number;
  }
  const lines = await runJava<Line>('KafkaCodecs.java');
  const plainOf = (line: Line): Line | undefined =>
    lines.find(
      ({ codec, data, records, valueBytes }) =>
        codec === 'none' && data === line.data && records === line.records && valueBytes === line.valueBytes,
    );
  return lines.flatMap((line) => {
    const plain = plainOf(line);
    if (line.codec === 'none' || plain === undefined) return [];
    // A broker skips keys and values, a consumer copies them: the codec's part is about the same.
    const decompressNs = (line.validateNs - plain.validateNs + line.decodeNs - plain.decodeNs) / 2;
    return [{ ...line, compressNs: line.compressNs - plain.compressNs, decompressNs }];
  });
}

async function javaTls(): Promise<Costs> {
  const directory = mkdtempSync(path.join(tmpdir(), 'bench-codecs-'));
  try {
    const store = path.join(directory, 'keys.p12');
    await run('keytool', [
      ...['-genkeypair', '-alias', 'bench', '-keyalg', 'EC', '-dname', 'CN=localhost'],
      ...['-storetype', 'PKCS12', '-storepass', PASSWORD, '-keystore', store],
    ]);
    const lines = await runJava<TlsRow & { what: string; suite: string; readNs: number }>(
      'TlsEngine.java',
      store,
      PASSWORD,
    );
    const rows = lines.filter(({ what }) => what === 'tls');
    const read = lines.find(({ what }) => what === 'file');
    return {
      ...tlsCosts('java', rows, `thread CPU of the JDK's SSLEngine, ${rows[0].suite} (bench/codecs)`),
      'broker.network.perFileByteNs': {
        value: (read?.readNs ?? 0) / (read?.bytes ?? 1),
        source: 'thread CPU of FileChannel.read of 32 KiB in the page cache (bench/codecs)',
        standardError: null,
      },
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function nodeTls(): Promise<Costs> {
  const source =
    "half the thread CPU of both ends of Node's TLS over loopback, less the same without (bench/codecs)";
  const rows = await measureNodeTls();
  for (const { bytes, encryptNs } of rows)
    console.log(`brokertwin TLS: ${bytes} B, ${encryptNs.toFixed(0)} ns each way`);
  return tlsCosts('brokertwin', rows, source);
}

/** The least of each size, so that what is not compiled yet or disturbed does not count. */
function tlsCosts(library: 'java' | 'brokertwin', rows: readonly TlsRow[], source: string): Costs {
  const sizes = [...new Set(rows.map(({ bytes }) => bytes))];
  const of = (direction: 'encrypt' | 'decrypt'): Costs => {
    const equations = sizes.map((bytes) => {
      const own = rows.filter((row) => row.bytes === bytes);
      const measured = Math.min(...own.map((row) => row[`${direction}Ns`]));
      return { counts: [1, bytes], measured, error: 0.1 * measured };
    });
    const { values, standardErrors } = fitNonNegative(equations, [0, 0]);
    const cost = (index: number): Cost => ({
      value: values[index],
      source,
      standardError: standardErrors[index],
    });
    return {
      [`tls.${library}.${direction}PerMessageNs`]: cost(0),
      [`tls.${library}.${direction}PerByteNs`]: cost(1),
    };
  };
  return { ...of('encrypt'), ...of('decrypt') };
}

/** Runs a source file of this folder beside Kafka's jars; its lines. */
async function runJava<Line>(source: string, ...args: string[]): Promise<Line[]> {
  const { stdout } = await run(jars.java, [
    ...['-Xmx512m', '-cp', jars.classpath, path.join(import.meta.dirname, source)],
    ...args,
  ]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}
