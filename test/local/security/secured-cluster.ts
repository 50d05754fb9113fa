/** A small secured cluster for tests: node 1 is broker and controller, the others are brokers. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import { freePorts } from '../../../src/local/cluster/ports.ts';
import { TOOL_JVM } from '../../../src/local/kafka/broker-process.ts';
import type { KafkaJars } from '../../../src/local/kafka/jars.ts';
import { javaProperties } from '../../../src/local/security/java-properties.ts';
import {
  type ClusterSecurity,
  clientPropertiesFiles,
  needsTokenIssuer,
  planSecurity,
  type SecurityRequest,
  securityProperties,
  startTokenIssuer,
  writeSecurityFiles,
} from '../../../src/local/security/security.ts';
import { onExit } from '../../../src/local/system/on-exit.ts';
import {
  identify,
  killNow,
  type ProcessIdentity,
  waitUntilGone,
} from '../../../src/local/system/process-identity.ts';
import { removeDirectory } from '../../../src/local/system/staging.ts';
import { runTool } from '../../../src/local/system/tool.ts';

export interface SecuredCluster {
  readonly security: ClusterSecurity;
  readonly clientFiles: ReturnType<typeof clientPropertiesFiles>;
  /** Of the token issuer and the nodes. */
  readonly processes: readonly ProcessIdentity[];
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 200;
const CLUSTER_ID = 'c2VjdXJlZC1jbHVzdGVyMA';

/** Starts it and waits until all brokers are listed on the listener PLAINTEXT. */
export async function startSecuredCluster(
  jars: KafkaJars,
  request: SecurityRequest,
  nodeCount: number,
): Promise<SecuredCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'brokertwin-secured-'));
  const processes: ProcessIdentity[] = [];
  const forget = onExit(() => {
    processes.forEach(killNow);
    removeDirectory(directory);
  });
  const stop = async (): Promise<void> => {
    processes.forEach(killNow);
    await waitUntilGone(processes, 10_000);
    removeDirectory(directory);
    forget();
  };
  try {
    const plan = planSecurity(request);
    const names = Array.from({ length: nodeCount }, (_, index) => `node-${index + 1}`);
    const nodes = names.map((name) => ({ name, addresses: ['127.0.0.1'] }));
    await writeSecurityFiles(plan, directory, nodes);
    const issuer = needsTokenIssuer(plan)
      ? await startTokenIssuer({ address: '127.0.0.1', port: 0, directory, lifetimeSeconds: 600 })
      : null;
    if (issuer !== null) processes.push(issuer.process);
    const security = { plan, directory, tokenIssuerUrl: issuer?.url ?? null };
    const ports = await portsByNode(request, nodeCount);
    const starting = names.map((name, index) => startNode(jars, security, request, name, index, ports));
    processes.push(...(await Promise.all(starting)));
    const bootstrapServers = Object.fromEntries(
      Object.entries(ports[0]).map(([listener, port]) => [listener, `127.0.0.1:${port}`]),
    );
    await untilListed(bootstrapServers.PLAINTEXT, nodeCount, directory);
    const { [request.controllerListener]: _, ...forClients } = bootstrapServers;
    return { security, clientFiles: clientPropertiesFiles(security, forClients), processes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Ports = Readonly<Record<string, number>>;

async function portsByNode(request: SecurityRequest, nodeCount: number): Promise<Ports[]> {
  const names = request.listeners.map(({ name }) => name);
  const free = await freePorts(nodeCount * names.length);
  return Array.from({ length: nodeCount }, (_, node) =>
    Object.fromEntries(names.map((name, index) => [name, free[node * names.length + index]])),
  );
}

async function startNode(
  jars: KafkaJars,
  security: ClusterSecurity,
  request: SecurityRequest,
  name: string,
  index: number,
  ports: readonly Ports[],
): Promise<ProcessIdentity> {
  const { properties, jvmOptions, formatArguments } = securityProperties(security, name);
  const home = join(security.directory, name);
  mkdirSync(home);
  const controller = request.controllerListener;
  const own = Object.entries(ports[index])
    .filter(([listener]) => listener !== controller || index === 0)
    .map(([listener, port]) => ({ listener, address: `${listener}://127.0.0.1:${port}` }));
  const file = join(home, 'server.properties');
  const replicas = String(ports.length);
  writeFileSync(
    file,
    javaProperties({
      'offsets.topic.replication.factor': replicas,
      'transaction.state.log.replication.factor': replicas,
      'transaction.state.log.min.isr': '1',
      'share.coordinator.state.topic.replication.factor': replicas,
      'share.coordinator.state.topic.min.isr': '1',
      'default.replication.factor': replicas,
      ...request.config,
      ...properties,
      'node.id': String(index + 1),
      'process.roles': index === 0 ? 'broker,controller' : 'broker',
      listeners: own.map(({ address }) => address).join(','),
      'advertised.listeners': own
        .filter(({ listener }) => listener !== controller)
        .map(({ address }) => address)
        .join(','),
      'controller.listener.names': controller,
      'inter.broker.listener.name': request.interBrokerListener,
      'listener.security.protocol.map': request.listeners
        .map((listener) => `${listener.name}:${listener.protocol}`)
        .join(','),
      'controller.quorum.voters': `1@127.0.0.1:${ports[0][controller]}`,
      'log.dirs': join(home, 'data'),
    }),
  );
  const java = [...jvmOptions, '-cp', jars.classpath];
  const format = ['format', '-t', CLUSTER_ID, '-c', file, ...formatArguments];
  const formatted = await runTool(jars.java, [...TOOL_JVM, ...java, 'kafka.tools.StorageTool', ...format]);
  if (formatted?.exitCode !== 0) throw new Error((formatted?.lines ?? []).join('\n'));
  const console = openSync(join(home, 'console.log'), 'w');
  const quick = ['-Xms128M', '-Xmx384M', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData'];
  const child = spawn(jars.java, [...quick, ...java, 'kafka.Kafka', file], {
    cwd: home,
    detached: true,
    stdio: ['ignore', console, console],
  });
  closeSync(console);
  child.unref();
  const identity = child.pid === undefined ? null : identify(child.pid);
  if (identity === null) throw new Error(`${name} could not be started`);
  return identity;
}

async function untilListed(bootstrap: string, nodeCount: number, directory: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while ((await brokersListed(bootstrap)) < nodeCount) {
    if (performance.now() > deadline) {
      const log = join(directory, 'node-1', 'console.log');
      throw new Error(`not ready: ${existsSync(log) ? readFileSync(log, 'utf8').slice(-4_000) : 'no log'}`);
    }
    await sleep(POLL_MS);
  }
}

async function brokersListed(bootstrap: string): Promise<number> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [bootstrap], retries: 0, timeout: 2_000 });
  try {
    return (await admin.metadata({ topics: [], forceUpdate: true })).brokers.size;
  } catch {
    // A starting broker does not answer.
    return 0;
  } finally {
    await admin.close();
  }
}
