import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { buildSlowDiskShim, setSlowness, shimEnvironment } from '../../../src/local/disk/slow-disk.ts';
import { runTool } from '../../../src/local/system/tool.ts';
import { missing } from '../../support/components.ts';
import type { DiskTask } from './disk-writer.ts';

/** In memory where possible: a real disk is slow at times by itself. */
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'brokertwin-slow-disk-'));
const [slow, other, elsewhere] = ['slow', 'other', 'elsewhere'].map((name) => join(root, name));
const controlFile = join(root, 'control');

const FAST = { writeDelayMs: 0, syncDelayMs: 0, bytesPerSecond: null };
const KIB = 1024;
const TRIES_MAX = 5;

/** Asks `disk-writer.ts`, in one process for all tests. */
class Writer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  constructor(environment: Record<string, string>) {
    this.#process = spawn(process.execPath, [join(import.meta.dirname, 'disk-writer.ts')], {
      env: { ...process.env, ...environment },
    });
    this.#process.stderr.pipe(process.stderr);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** How long the task took, in ms. */
  async run(path: string, task: Partial<DiskTask>): Promise<number> {
    const whole: DiskTask = { path, writes: 0, bytesPerWrite: 100, sync: false, threads: 1, ...task };
    this.#process.stdin.write(`${JSON.stringify(whole)}\n`);
    const { value } = await this.#answers.next();
    return Number(value);
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }
}

/** Never earlier than expected, and within 10 % of it; a busy machine that makes it later gets more tries. */
async function assertTakes(expectedMs: number, run: () => Promise<number>): Promise<void> {
  const tries: number[] = [];
  while (tries.length < TRIES_MAX) {
    const elapsedMs = await run();
    tries.push(Math.round(elapsedMs));
    assert.ok(elapsedMs > 0.9 * expectedMs, `${elapsedMs} ms instead of ${expectedMs} ms`);
    if (elapsedMs < 1.1 * expectedMs) return;
  }
  assert.fail(`${tries.join(', ')} ms instead of ${expectedMs} ms`);
}

describe('a slow disk', { skip: missing(['gcc']) ?? false }, () => {
  let environment: Record<string, string>;
  let library: string;
  let writer: Writer;

  before(async () => {
    for (const directory of [slow, other, elsewhere]) mkdirSync(directory);
    library = await buildSlowDiskShim({ env: { ...process.env, XDG_CACHE_HOME: join(root, 'cache') } });
    environment = shimEnvironment({ library, controlFile, directories: [slow, other] }, {});
    writer = new Writer(environment);
    await writer.run(join(slow, 'first'), { writes: 1, sync: true });
  });

  after(() => {
    writer.end();
    rmSync(root, { recursive: true });
  });

  function timesOfCalls(program: string, directory: string): Map<string, number> {
    const run = spawnSync(program, [directory], { env: environment, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const lines = run.stdout.trim().split('\n');
    return new Map(lines.map((line) => line.split(' ')).map(([name, ms]) => [name, Number(ms)]));
  }

  test('is built once and without a warning', async () => {
    const { mtimeMs } = statSync(library);
    const env = { ...process.env, XDG_CACHE_HOME: join(root, 'cache') };
    assert.equal(await buildSlowDiskShim({ env }), library);
    assert.equal(statSync(library).mtimeMs, mtimeMs);
    assert.equal(readdirSync(join(root, 'cache', 'brokertwin')).length, 1);
    const source = join(import.meta.dirname, '../../../native/slow-disk.c');
    const strict = await runTool('gcc', ['-std=gnu11', '-O2', '-fsyntax-only', '-Wall', '-Wextra', source]);
    assert.deepEqual(strict, { exitCode: 0, lines: [] });
  });

  test('needs gcc and says so', async () => {
    const env = { PATH: elsewhere, XDG_CACHE_HOME: join(root, 'other-cache') };
    await assert.rejects(buildSlowDiskShim({ env }), /slow disks need gcc, found none on the PATH/);
    assert.deepEqual(readdirSync(join(root, 'other-cache', 'brokertwin')), []);
    await assert.rejects(
      buildSlowDiskShim({ env: { XDG_CACHE_HOME: '/a b' } }),
      /without blanks and colons .*found \/a b\/brokertwin/,
    );
  });

  test('delays each write and each sync by what was set, and goes back to its speed', async () => {
    setSlowness(controlFile, 0, { writeDelayMs: 20, syncDelayMs: 200, bytesPerSecond: null });
    await assertTakes(200, () => writer.run(join(slow, 'a'), { writes: 10 }));
    await assertTakes(200, () => writer.run(join(slow, 'a'), { sync: true }));
    setSlowness(controlFile, 0, FAST);
    const fastMs = await writer.run(join(slow, 'a'), { writes: 10, sync: true });
    assert.ok(fastMs < 20, `${fastMs} ms`);
  });

  test('writes at its rate, whatever the sizes and however many threads write', async () => {
    setSlowness(controlFile, 0, { ...FAST, bytesPerSecond: 2048 * KIB });
    for (const [bytesPerWrite, threads] of [
      [KIB, 1],
      [64 * KIB, 1],
      [64 * KIB, 4],
    ]) {
      const writes = (1024 * KIB) / bytesPerWrite;
      await assertTakes(500, () => writer.run(join(slow, 'b'), { writes, bytesPerWrite, threads }));
    }
    setSlowness(controlFile, 0, FAST);
  });

  test('is no other disk', async () => {
    writeFileSync(join(root, 'slower'), '');
    setSlowness(controlFile, 0, { writeDelayMs: 100, syncDelayMs: 100, bytesPerSecond: KIB });
    for (const path of [join(other, 'c'), join(elsewhere, 'c'), join(root, 'slower'), `${slow}-c`]) {
      const elapsedMs = await writer.run(path, { writes: 10, sync: true });
      assert.ok(elapsedMs < 100, `${elapsedMs} ms at ${path}`);
    }
    setSlowness(controlFile, 1, { writeDelayMs: 50, syncDelayMs: 0, bytesPerSecond: null });
    await assertTakes(200, () => writer.run(join(other, 'c'), { writes: 4 }));
    setSlowness(controlFile, 0, FAST);
    setSlowness(controlFile, 1, FAST);
  });

  test('changes also for those who wait, and what was owed at the old rate is not', async () => {
    setSlowness(controlFile, 0, { ...FAST, bytesPerSecond: 200 });
    const running = writer.run(join(slow, 'd'), { writes: 1, bytesPerWrite: KIB });
    await new Promise((resolve) => setTimeout(resolve, 300));
    setSlowness(controlFile, 0, { ...FAST, bytesPerSecond: 100 * KIB });
    const waitedMs = await running;
    assert.ok(waitedMs > 250 && waitedMs < 1000, `${waitedMs} ms`);
    const nextMs = await writer.run(join(slow, 'd'), { writes: 1 });
    assert.ok(nextMs < 1000, `${nextMs} ms`);
    await assertTakes(400, () => writer.run(join(slow, 'd'), { writes: 10, bytesPerWrite: 4 * KIB }));
    setSlowness(controlFile, 0, FAST);
  });

  test('delays every call that writes or syncs, through signals, and leaves errno alone', async () => {
    const program = join(root, 'slow-calls');
    const source = join(import.meta.dirname, 'slow-calls.c');
    const built = await runTool('gcc', ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-o', program, source]);
    assert.deepEqual(built, { exitCode: 0, lines: [] });
    setSlowness(controlFile, 0, { writeDelayMs: 30, syncDelayMs: 60, bytesPerSecond: null });
    const late = new Set<string>();
    for (let tries = 0; tries === 0 || (late.size > 0 && tries < TRIES_MAX); tries += 1) {
      const slowed = timesOfCalls(program, slow);
      assert.equal(slowed.size, 16);
      for (const [name, elapsedMs] of slowed) {
        const expectedMs = name.includes('sync') ? 60 : 30;
        assert.ok(elapsedMs >= expectedMs, `${name} took only ${elapsedMs} ms`);
        if (tries === 0) late.add(name);
        if (elapsedMs < 1.1 * expectedMs) late.delete(name);
      }
      for (const [name, elapsedMs] of timesOfCalls(program, elsewhere)) {
        if (tries === 0) late.add(`${name} elsewhere`);
        if (elapsedMs < 30) late.delete(`${name} elsewhere`);
      }
    }
    assert.deepEqual([...late], []);
    setSlowness(controlFile, 0, FAST);
  });

  test('is refused to a process whose control file is not there', () => {
    const run = spawnSync('true', [], {
      env: { ...environment, BROKERTWIN_SLOW_DISK_CONTROL: join(root, 'none') },
      encoding: 'utf8',
    });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /slow-disk: .*none: No such file or directory/);
  });
});
