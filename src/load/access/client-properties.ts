/**
 * Properties files of Java's Kafka clients, as they are given to Kafka's tools with --command-config: what they say of the
 * cluster and of the way into it is understood here, all else is the caller's.
 */
import { readFileSync } from 'node:fs';
import { UserError } from '../../errors/errors.ts';
import { type ClusterAccess, PLAINTEXT_ACCESS } from './cluster-access.ts';
import { type PropertyEntry, parsePropertiesText } from './properties-text.ts';
import { readSasl } from './sasl-settings.ts';
import { shownChoice } from './secrets.ts';
import { isSecuritySetting, refuseJavaOnly } from './security-settings.ts';
import { Settings } from './settings.ts';
import { readTls } from './tls-settings.ts';

export interface ClientProperties {
  /** `host:port` with commas between them; null when the file does not say. */
  readonly bootstrapServers: string | null;
  readonly access: ClusterAccess;
  /** All settings that are not about security, known or not, such as acks and linger.ms. */
  readonly rest: ReadonlyMap<string, PropertyEntry>;
}

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
const BOOTSTRAP = 'bootstrap.servers';
const PROTOCOL = 'security.protocol';
/** Kafka's own pattern: a protocol in front does no harm. */
const SERVER = /^(?:[\w.%-]*:\/\/)?(\[?[\w.%:-]*\]?:\d+)$/;

/**
 * Reads a file and the stores that it names, whose relative paths are, as in Java, relative to the working directory. Like
 * Java, it leaves aside settings of TLS and SASL that `security.protocol` does not call for.
 *
 * @throws UserError with a line for each problem, `file:line: key: expected ..., found ...`; no line holds a secret.
 */
export function readClientProperties(file: string): ClientProperties {
  const { entries, malformed } = parsePropertiesText(readText(file));
  const problems = malformed.map((line) => ({
    line,
    text: 'expected four hexadecimal digits after \\u, found others; double the backslash',
  }));
  return clientPropertiesOf(entries, new Settings(file, entries, problems));
}

/**
 * The same for settings that stand in another file.
 *
 * @throws UserError with a line for each problem, none of which holds a secret
 */
export function clientPropertiesIn(
  file: string,
  settings: Readonly<Record<string, string>>,
): ClientProperties {
  const entries = new Map(Object.entries(settings).map(([key, value]) => [key, { value, line: 1 }]));
  return clientPropertiesOf(entries, new Settings(file, entries, []));
}

function clientPropertiesOf(
  entries: ReadonlyMap<string, PropertyEntry>,
  settings: Settings,
): ClientProperties {
  const bootstrapServers = readBootstrapServers(settings);
  const access = readAccess(settings);
  const { problems } = settings;
  if (problems.length > 0) throw new UserError(problems);
  const rest = [...entries].filter(
    ([key]) => key !== BOOTSTRAP && key !== PROTOCOL && !isSecuritySetting(key),
  );
  return { bootstrapServers, access, rest: new Map(rest) };
}

/** Kafka's tools read these files as Latin-1, whatever they were written as. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${file}: expected a properties file that can be read, found: ${why}`, undefined, {
      cause,
    });
  }
}

function readBootstrapServers(settings: Settings): string | null {
  const servers = settings.list(BOOTSTRAP);
  const addresses = servers.map((server) => SERVER.exec(server)?.[1]);
  const wrong = servers.filter((_, index) => addresses[index] === undefined);
  if (wrong.length > 0) {
    settings.refuse(
      BOOTSTRAP,
      `expected host:port with commas between them, found ${wrong.map((server) => server.replace(/^.*@/, '***@')).join(', ')}`,
    );
  }
  return servers.length === 0 ? null : addresses.join(',');
}

function readAccess(settings: Settings): ClusterAccess {
  const protocol = (settings.filled(PROTOCOL) ?? 'PLAINTEXT').toUpperCase();
  if (!PROTOCOLS.includes(protocol)) {
    settings.refuse(PROTOCOL, `expected one of ${PROTOCOLS.join(', ')}, found ${shownChoice(protocol)}`);
    return PLAINTEXT_ACCESS;
  }
  const hasTls = protocol.endsWith('SSL');
  const hasSasl = protocol.startsWith('SASL');
  refuseJavaOnly(settings, { hasTls, hasSasl });
  return { tls: hasTls ? readTls(settings) : null, sasl: hasSasl ? readSasl(settings) : null };
}
