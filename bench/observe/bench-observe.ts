/**
 * What observing costs: three brokers of a local cluster under load are watched for a minute by a process that does nothing else.
 * Prints the CPU of that process and of the brokers' metrics agents as shares of one core. Run: node
 * bench/observe/bench-observe.ts [seconds] [metricsIntervalMs]
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { UNLIMITED } from '../../src/local/hosts/machine.ts';
import { observe } from '../../src/local/observe/observer.ts';

const GOAL_SHARE = 0.02;
const RECORDS_PER_SECOND = 3000;
const WARMUP_SECONDS = 20;
const [seconds = 60, metricsIntervalMs = 3000] = process.argv.slice(2).map(Number);

const cluster = await startLocalCluster({
  version: '4.3.1',
  brokers: 3,
  jmx: true,
  progress: (message) => console.log(message),
});
try {
  const tool = (name: string, ...args: string[]) =>
    spawn(
      cluster.jars.java,
      ['-Xmx256M', '-cp', cluster.jars.classpath, `org.apache.kafka.tools.${name}`, ...args],
      {
        stdio: 'ignore',
      },
    );
  const servers = cluster.bootstrapServers;
  const create = ['--create', '--topic', 'bench', '--partitions', '6', '--replication-factor', '3'];
  await new Promise((resolve) =>
    tool('TopicCommand', '--bootstrap-server', servers, ...create).once('close', resolve),
  );
  const load = tool(
    'ProducerPerformance',
    ...['--topic', 'bench', '--record-size', '1024', '--throughput', String(RECORDS_PER_SECOND)],
    ...[
      '--num-records',
      String(RECORDS_PER_SECOND * 3600),
      '--producer-props',
      `bootstrap.servers=${servers}`,
      'acks=all',
    ],
  );
  try {
    await sleep(WARMUP_SECONDS * 1000);
    const name = 'local';
    const observer = observe(
      {
        brokers: () => cluster.brokers,
        machines: [
          { name, namespace: null, cgroup: null, limits: UNLIMITED, switchNamespace: null, switchPort: null },
        ],
        generators: [{ pid: process.pid, machine: name }],
      },
      { metricsIntervalMs },
    );
    const before = process.cpuUsage();
    await observer.begin();
    await sleep(seconds * 1000);
    const { threadCpu, problems } = await observer.end();
    const own = process.cpuUsage(before);
    const ownShare = (own.user + own.system) / 1e6 / seconds;
    const agents = threadCpu.filter(({ group }) => group === 'observer');
    const agentShare = agents.reduce((sum, use) => sum + use.cpuSeconds, 0) / seconds;
    const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
    console.log(
      `observing ${cluster.brokers.length} brokers for ${seconds} s, metrics every ${metricsIntervalMs} ms:`,
    );
    console.log(`  this process ${percent(ownShare)} of a core, thread dumps at the end included`);
    console.log(`  metrics agents ${percent(agentShare)} of a core`);
    console.log(`  together ${percent(ownShare + agentShare)}, goal ${percent(GOAL_SHARE)}`);
    for (const problem of problems) console.log(`  ${problem}`);
  } finally {
    load.kill();
  }
} finally {
  await cluster.stop();
}
