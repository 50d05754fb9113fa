import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { observe } from '../../../src/local/observe/observer.ts';
import { openQdiscReader } from '../../../src/local/observe/qdisc-reader.ts';
import { missing } from '../../support/components.ts';

const skip = missing(['namespaces']) ?? false;
const RATE_BYTES_PER_SECOND = 1_000_000;
const PAYLOAD_BYTES = 1200;
/** Ethernet, IPv4 and UDP. */
const FRAMING_BYTES = 14 + 20 + 8;

const SINK = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.bind(9999, '198.18.99.2', () => console.log('ready'));
  process.stdin.resume();
  process.stdin.on('end', () => process.exit());
`;
const PACKETS_AT_ONCE = 20;
/** Sends so many packets for a second and more, twice as fast as they may pass. */
const SOURCE = `
  const socket = require('node:dgram').createSocket('udp4');
  let left = Number(process.argv[1]);
  const send = () => socket.send(Buffer.alloc(${PAYLOAD_BYTES}), 9999, '198.18.99.2');
  socket.bind(0, '198.18.99.1', () => {
    const timer = setInterval(() => {
      for (let packet = 0; packet < ${PACKETS_AT_ONCE}; packet += 1) send();
      left -= ${PACKETS_AT_ONCE};
      if (left > 0) return;
      clearInterval(timer);
      setTimeout(() => socket.close(), 100);
    }, 10);
  });
`;

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Two namespaces with a veth pair between; what the first sends passes a token bucket of a megabyte a second. */
async function withPair(use: (sender: string, receiver: string) => Promise<void>): Promise<void> {
  const sender = `btobs-${process.pid}-a`;
  const receiver = `btobs-${process.pid}-b`;
  try {
    for (const name of [sender, receiver]) ip('netns', 'add', name);
    ip('-n', sender, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'd-1', 'netns', receiver);
    for (const [name, device, address] of [
      [sender, 'eth0', '198.18.99.1/24'],
      [receiver, 'd-1', '198.18.99.2/24'],
    ]) {
      ip('-n', name, 'address', 'add', address, 'dev', device);
      ip('-n', name, 'link', 'set', device, 'up');
      const rate = `${RATE_BYTES_PER_SECOND * 8}bit`;
      // A shorter queue than the sender's socket has, so that some of what is sent at once is dropped.
      const tbf = ['tbf', 'rate', rate, 'burst', '4kb', 'latency', '50ms'];
      execFileSync('tc', ['-n', name, 'qdisc', 'add', 'dev', device, 'root', ...tbf]);
    }
    await use(sender, receiver);
  } finally {
    for (const name of [sender, receiver]) {
      if (existsSync(`/run/netns/${name}`)) ip('netns', 'delete', name);
    }
  }
}

function runIn(namespace: string, script: string, ...args: string[]): ReturnType<typeof spawn> {
  return spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

test(
  'bytes, backlog, delays and drops of a shaped NIC are seen while a known transfer passes',
  { skip },
  () =>
    withPair(async (sender, receiver) => {
      const sink = runIn(receiver, SINK);
      assert.ok(sink.stdout !== null);
      await once(sink.stdout, 'data');
      const limits = { ...UNLIMITED, nicBytesPerSecond: RATE_BYTES_PER_SECOND };
      const machine = { name: 'm', namespace: sender, cgroup: null, limits };
      const observer = observe(
        {
          brokers: () => [],
          machines: [{ ...machine, switchNamespace: receiver, switchPort: 'd-1' }],
          generators: [],
        },
        { intervalMs: 200, cgroups: null },
      );
      await observer.begin();
      const packets = 2_000;
      const [code] = await once(runIn(sender, SOURCE, String(packets)), 'close');
      assert.equal(code, 0);
      await sleep(1_000);
      const { resources, problems } = await observer.end();
      sink.stdin?.end();
      await once(sink, 'close');

      assert.deepEqual(problems, []);
      const values = (resource: string, of?: string): number[] => {
        const series = resources.find(
          (entry) => entry.host === 'm' && entry.resource === resource && entry.of === of,
        );
        assert.ok(series !== undefined, `${resource} ${of} is there`);
        return series.values.map((value) => value ?? 0);
      };
      const total = (rates: readonly number[]): number => rates.reduce((sum, rate) => sum + rate * 0.2, 0);
      const frame = PAYLOAD_BYTES + FRAMING_BYTES;
      const dropped = total(values('queue.drops', 'egress'));
      const sent = total(values('queue.sent', 'egress'));
      assert.ok(dropped > 50, `${dropped} packets were dropped`);
      assert.ok(
        Math.abs(sent / frame + dropped - packets) < packets * 0.1,
        `${sent / frame} sent, ${dropped} dropped`,
      );
      assert.ok(
        Math.abs(total(values('nic.out')) / sent - 1) < 0.1,
        'the NIC sends what the queue lets through',
      );
      assert.ok(Math.max(...values('queue.backlog', 'egress')) > 10_000, 'packets waited');
      assert.ok(total(values('queue.overlimits', 'egress')) > 0);
      const rate = Math.max(...values('queue.sent', 'egress'));
      assert.ok(rate < RATE_BYTES_PER_SECOND * 1.15, `${rate} B/s`);
      // What the other end sends back is next to nothing.
      assert.ok(total(values('queue.sent', 'ingress')) < 10_000);
    }),
);

test('a device that is not there has no counters, and the reader answers the next question', { skip }, () =>
  withPair(async (sender) => {
    const reader = openQdiscReader(sender);
    try {
      const answers = await Promise.all(
        ['eth0', 'nothing', 'lo', 'eth0'].map((device) => reader.read(device)),
      );
      assert.deepEqual(
        answers.map((answer) => answer === null),
        [false, true, true, false],
      );
    } finally {
      reader.close();
    }
    assert.equal(await reader.read('eth0'), null);
  }),
);

test('a reader ends when the process that started it is killed, and keeps none alive', { skip }, () =>
  withPair(async (sender) => {
    const module = new URL('../../../src/local/observe/qdisc-reader.ts', import.meta.url).href;
    const open = `
      const { openQdiscReader } = await import('${module}');
      const reader = openQdiscReader('${sender}');
      if ((await reader.read('eth0')) === null) throw new Error('no answer');
      console.log(reader.pid);
    `;
    const run = (script: string) =>
      spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const left = run(open);
    const [code] = await once(left, 'close');
    assert.equal(code, 0, 'an open reader does not keep its process from ending');

    const child = run(`${open}; setInterval(() => {}, 1000);`);
    const [line] = await once(child.stdout, 'data');
    const pid = Number(String(line));
    assert.ok(existsSync(`/proc/${pid}`));
    child.kill('SIGKILL');
    await once(child, 'close');
    for (let tries = 0; existsSync(`/proc/${pid}`) && tries < 100; tries += 1) await sleep(20);
    assert.ok(!existsSync(`/proc/${pid}`), 'tc has ended');
  }),
);
