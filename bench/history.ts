/** The history of a benchmark's full runs: one line of JSON a run, oldest first. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { machineFacts } from '../src/local/observe/machine.ts';
import { packageRoot } from '../src/package.ts';
import { runChild } from './kernel/run-child.ts';

interface HistoryEntry {
  /** UTC, when the run ended. */
  readonly date: string;
  readonly commit: string;
  /** Whether the sources differed from the commit. */
  readonly dirty: boolean;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryBytes: number };
  readonly runtime: string;
}

/** What a benchmark has to say of its run. */
interface Run {
  /** Of the machine in the minute before: above 0.5 the figures are those of a busy one. */
  readonly loadBefore: number;
  /** Versions by name; only of peers that ran. */
  readonly peers?: Readonly<Record<string, string>>;
  readonly rounds?: number;
  readonly figures: readonly object[];
}

const DIRECTORY = join(packageRoot, 'bench', 'history');
const GIT_TIMEOUT_MS = 60_000;

/** @param room folder below bench that the benchmark lives in */
export async function appendHistory(room: string, run: Run): Promise<void> {
  const { cpu, cores, memoryBytes } = machineFacts();
  const entry: HistoryEntry & Run = {
    date: new Date().toISOString(),
    commit: (await git('rev-parse', 'HEAD')).trim(),
    dirty: (await git('status', '--porcelain', '--', 'src', `bench/${room}`, 'bench/peers')) !== '',
    machine: { cpu, cores, memoryBytes },
    runtime: `node ${process.version}`,
    ...run,
  };
  mkdirSync(DIRECTORY, { recursive: true });
  appendFileSync(join(DIRECTORY, `${room}.ndjson`), `${JSON.stringify(entry)}\n`);
}

async function git(...args: readonly string[]): Promise<string> {
  try {
    return await runChild({ command: 'git', args: ['-C', packageRoot, ...args], timeoutMs: GIT_TIMEOUT_MS });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the run is not kept, because its commit is not known: git: ${why}`, { cause });
  }
}
