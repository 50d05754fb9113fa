import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const ON_EXIT = new URL('../../../src/local/system/on-exit.ts', import.meta.url).href;

/** Runs a script that makes `file` and promises to remove it; says how it ended and whether the file was left. */
async function runScript(
  body: string,
  signal?: NodeJS.Signals,
): Promise<{ code: number | null; left: boolean; errors: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'brokertwin-exit-'));
  const file = join(directory, 'left');
  const script = `
    import { rmSync, writeFileSync } from 'node:fs';
    import { onExit } from ${JSON.stringify(ON_EXIT)};
    writeFileSync(${JSON.stringify(file)}, '');
    const forget = onExit(() => rmSync(${JSON.stringify(file)}));
    ${body}
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  if (signal !== undefined) child.stdout.once('data', () => child.kill(signal));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const left = existsSync(file);
  rmSync(directory, { recursive: true });
  return { code, left, errors };
}

const STAY = 'setInterval(() => undefined, 1000);';

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGQUIT', 131],
  ['SIGALRM', 142],
  ['SIGXCPU', 152],
  ['SIGUSR2', 140],
] as const) {
  test(`${signal} cleans up and ends with ${code}`, async () => {
    assert.deepEqual(await runScript(STAY, signal), { code, left: false, errors: '' });
  });
}

test('a normal end and an uncaught exception clean up', async () => {
  assert.deepEqual(await runScript(''), { code: 0, left: false, errors: '' });
  const failed = await runScript("setTimeout(() => { throw new Error('mine') }, 10);");
  assert.equal(failed.code, 1);
  assert.equal(failed.left, false);
  assert.match(failed.errors, /mine/);
});

test('a signal that the program handles itself is left to it, and cleaned up after', async () => {
  const body = `${STAY} process.on('SIGINT', () => setTimeout(() => process.exit(7), 10));`;
  assert.deepEqual(await runScript(body, 'SIGINT'), { code: 7, left: false, errors: '' });
});

test('what was taken back is not run', async () => {
  assert.equal((await runScript('forget();')).left, true);
});

test('what came last is cleaned up first; a clean-up that fails is told and does not keep the others from running', async () => {
  const run = await runScript(
    "onExit(() => { throw new Error('stuck') }); onExit(() => console.error('came last'));",
  );
  assert.equal(run.left, false);
  assert.match(run.errors, /^came last\n.*clean-up failed: stuck\n$/);
});
