/**
 * The peers: simulators that others use, in pinned versions, installed or built once into the cache below node_modules.
 * A peer that cannot be had on this machine is skipped, with the reason.
 *
 *   bench/peers/simpy     requirements.txt ─► a virtual environment of Python
 *   bench/peers/nexosim   Cargo.toml, Cargo.lock ─► a release build
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package.ts';
import type { PeerName, Program, Side } from './catalogue.ts';
import { makeGaps } from './figures/gaps.ts';
import type { PeerState } from './lines.ts';
import { wordsOf } from './program.ts';
import { type Child, runChild } from './run-child.ts';

export interface Peer extends PeerState {
  /** Versions of what it is made of and runs on, for the history; empty when it is skipped. */
  readonly versions: Readonly<Record<string, string>>;
  /** How to start one of its programs; null when it is skipped. */
  readonly command: ((program: Program) => Pick<Child, 'command' | 'args'>) | null;
}

type Installed = Pick<Peer, 'versions' | 'command'>;

interface PeerSource {
  /** In which file its version is pinned, and how. */
  readonly pinned: { readonly file: string; readonly version: RegExp };
  readonly install: () => Promise<Installed>;
}

const CACHE = join(packageRoot, 'node_modules', '.cache', 'bench-kernel');
const PEERS = join(packageRoot, 'bench', 'peers');
const GAPS_FILE = join(CACHE, 'gaps');
const INSTALL_TIMEOUT_MS = 300_000;
const ASK_TIMEOUT_MS = 60_000;

const SOURCES: Readonly<Record<PeerName, PeerSource>> = {
  simpy: {
    pinned: { file: join(PEERS, 'simpy', 'requirements.txt'), version: /^simpy==([\d.]+)/m },
    install: installSimpy,
  },
  nexosim: {
    pinned: { file: join(PEERS, 'nexosim', 'Cargo.toml'), version: /^nexosim = "=([\d.]+)"/m },
    install: installNexosim,
  },
};

export function isPeer(side: Side): side is PeerName {
  return Object.hasOwn(SOURCES, side);
}

/** Makes a peer ready to run; whatever hinders that is the reason to skip it. */
export async function preparePeer(name: PeerName): Promise<Peer> {
  try {
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(GAPS_FILE, makeGaps());
    return { label: labelOf(name), skipped: null, ...(await SOURCES[name].install()) };
  } catch (error) {
    return skippedPeer(name, error instanceof Error ? error.message : String(error));
  }
}

export function skippedPeer(name: PeerName, reason: string): Peer {
  return { label: labelOf(name), skipped: reason, versions: {}, command: null };
}

function labelOf(name: PeerName): string {
  return `${name} ${pinnedVersion(name)}`;
}

function pinnedVersion(name: PeerName): string {
  const { file, version } = SOURCES[name].pinned;
  const found = version.exec(readFileSync(file, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${file}: expected a pinned version of ${name}`);
  return found;
}

async function installSimpy(): Promise<Installed> {
  const folder = join(CACHE, 'simpy');
  const binaries = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  const python = join(binaries, 'python');
  const requirements = SOURCES.simpy.pinned.file;
  const wanted = readFileSync(requirements, 'utf8');
  const mark = join(folder, 'installed-requirements.txt');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) {
    rmSync(folder, { recursive: true, force: true });
    await step('python3 -m venv', 'python3', ['-m', 'venv', folder]);
    await step('pip install', python, ['-m', 'pip', 'install', '--require-hashes', '-r', requirements]);
    writeFileSync(mark, wanted);
  }
  const versions = await ask(python, [
    '-c',
    'import json, platform, simpy; print(json.dumps({"simpy": simpy.__version__, "python": platform.python_version()}))',
  ]);
  return {
    versions: JSON.parse(versions) as Record<string, string>,
    command: (program) => ({
      command: python,
      args: [join(PEERS, 'simpy', program.file), ...words(program)],
    }),
  };
}

async function installNexosim(): Promise<Installed> {
  const build = join(CACHE, 'nexosim');
  const rustc = await ask('rustc', ['--version']);
  await step('cargo build', 'cargo', [
    ...['build', '--release', '--locked', '--quiet'],
    ...['--manifest-path', SOURCES.nexosim.pinned.file, '--target-dir', build],
  ]);
  return {
    versions: { nexosim: pinnedVersion('nexosim'), rustc: rustc.split(' ')[1] ?? rustc },
    command: (program) => ({ command: join(build, 'release', 'nexosim-peer'), args: words(program) }),
  };
}

function words({ input }: Program): string[] {
  return [`gaps=${GAPS_FILE}`, ...wordsOf(input)];
}

async function ask(command: string, args: readonly string[]): Promise<string> {
  return (await step(command, command, args, ASK_TIMEOUT_MS)).trim();
}

async function step(
  name: string,
  command: string,
  args: readonly string[],
  timeoutMs = INSTALL_TIMEOUT_MS,
): Promise<string> {
  try {
    return await runChild({ command, args, timeoutMs });
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
