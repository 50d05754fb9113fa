/** Probes for what the kernel and our rights on this machine allow. */
import { readFileSync } from 'node:fs';
import { runTool } from '../system/tool.ts';
import { attempt } from './attempt.ts';
import type { Finding } from './capability.ts';
import { findCgroupLayout } from './cgroup-layout.ts';
import { lookElsewhere, onPath } from './programs.ts';
import { type Limit, tryLimit } from './try-limit.ts';

/** Bits of CapEff in /proc/self/status, see capabilities(7). */
const NEEDED_RIGHTS = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n };

export function findRoot(): Finding {
  return rootFinding(process.geteuid?.() ?? -1, readFileSync('/proc/self/status', 'utf8'));
}

/** `status` is the text of /proc/self/status. A container's root may lack rights that it has elsewhere. */
export function rootFinding(uid: number, status: string): Finding {
  if (uid !== 0) return { ok: false, found: `uid ${uid}` };
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const lacking = Object.entries(NEEDED_RIGHTS)
    .filter(([, bit]) => ((effective >> bit) & 1n) === 0n)
    .map(([name]) => name);
  if (lacking.length === 0) return { ok: true, found: 'uid 0' };
  return {
    ok: false,
    found: `uid 0 without ${lacking.join(' and ')}`,
    remedy: 'run it outside of the container, or start that with --privileged, or use --network loopback',
  };
}

export async function findIproute2(env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const versions: string[] = [];
  for (const program of ['ip', 'tc']) {
    const run = await runTool(program, ['-V'], { env });
    if (run === null) return { ok: false, ...lookElsewhere(program, 'iproute2') };
    const version = /iproute2-[\w.-]+/.exec(run.lines.join(' '))?.[0];
    if (version === undefined) {
      return {
        ok: false,
        found: `another ${program} than that of iproute2 (${run.lines[0] ?? 'no answer'})`,
      };
    }
    versions.push(version);
  }
  return { ok: true, found: [...new Set(versions)].join(', ') };
}

export function findNsenter(): Finding {
  if (onPath('nsenter')) return { ok: true, found: 'on the PATH' };
  return { ok: false, ...lookElsewhere('nsenter', 'util-linux') };
}

/** Two named namespaces, a bridge in one, and a veth pair from it to the other. */
export async function findNamespaces(): Promise<Finding> {
  const failure = await attempt([
    'ip netns add switch',
    'ip netns add machine',
    'ip -n switch link add name bridge0 type bridge',
    'ip -n switch link add name veth0 type veth peer name eth0 netns machine',
    'ip -n switch link set dev veth0 master bridge0',
    'nsenter --net=/run/netns/machine -- true',
  ]);
  return { ok: failure === null, found: failure ?? 'namespaces, a bridge and veth pairs' };
}

/** One queueing discipline of the kernel, such as `tbf`, with the settings that it needs. */
export async function findQdisc(kind: string, settings: string): Promise<Finding> {
  const failure = await attempt([`tc qdisc add dev lo root ${kind} ${settings}`]);
  if (failure === null) return { ok: true, found: `sch_${kind}` };
  const unknown = /qdisc kind is unknown/.test(failure);
  return { ok: false, found: unknown ? `this kernel has no sch_${kind}` : failure };
}

/** A small file system in an image, in memory. */
export async function findLoopMounts(): Promise<Finding> {
  if (!onPath('mkfs.ext4')) return { ok: false, ...lookElsewhere('mkfs.ext4', 'e2fsprogs') };
  const failure = await attempt([
    'truncate -s 4M /run/image',
    'mkfs.ext4 -q /run/image',
    'mkdir /run/mounted',
    'mount -o loop /run/image /run/mounted',
    'touch /run/mounted/file',
  ]);
  return { ok: failure === null, found: failure ?? 'ext4 in an image' };
}

export function findLimit(limit: Limit): Finding {
  const layout = findCgroupLayout();
  return 'problem' in layout ? { ok: false, found: layout.problem } : tryLimit(layout, limit);
}
