import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { packageRoot, version } from '../../src/package.ts';
import { commandFile, olderNode, runProgram } from '../support/run-program.ts';

const older = olderNode();
const skip = older === null ? "the machine's own Node is new enough" : false;
const node = older ?? process.execPath;

/** A clone with only the command in it, `main` in place of the command line, and perhaps a packaged Node. */
function makeClone(
  t: TestContext,
  main: string,
  packaged: 'with binary' | 'without binary' | 'absent',
): string {
  const root = mkdtempSync(join(tmpdir(), 'brokertwin-handover-'));
  t.after(() => rmSync(root, { recursive: true }));
  cpSync(join(packageRoot, 'bin'), join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'src/cli'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'src/cli/main.ts'), main);
  if (packaged !== 'absent') {
    mkdirSync(join(root, 'node_modules/node/bin'), { recursive: true });
    writeFileSync(join(root, 'node_modules/node/package.json'), '{ "bin": { "node": "bin/node" } }');
    if (packaged === 'with binary') symlinkSync(process.execPath, join(root, 'node_modules/node/bin/node'));
  }
  return join(root, 'bin/brokertwin.mjs');
}

describe('started under an older Node', { skip }, () => {
  test('the command runs under the packaged one without a word', async () => {
    const done = await runProgram(node, [commandFile, '--version']);
    assert.deepEqual(done, { code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('arguments and exit code come through', async (t) => {
    const main = 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 99;';
    const done = await runProgram(node, [makeClone(t, main, 'with binary'), 'a b', '--set', 'c="d"']);
    assert.equal(done.stdout, '["a b","--set","c=\\"d\\""]\n');
    assert.equal(done.code, 99);
  });

  test('signals come through, and the clean-up is waited for', async (t) => {
    const main = `
      process.on('SIGTERM', () => setTimeout(() => { console.log('clean'); process.exit(130); }, 200));
      setInterval(() => undefined, 1000);
      console.log('ready');`;
    const child = spawn(node, [makeClone(t, main, 'with binary')], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (text.includes('ready')) child.kill('SIGTERM');
    });
    const [code] = await once(child, 'close');
    assert.equal(stdout, 'ready\nclean\n');
    assert.equal(code, 130);
  });

  test('a missing binary is one line that says what to do', async (t) => {
    const { code, stderr } = await runProgram(node, [makeClone(t, '', 'without binary')]);
    assert.match(
      stderr,
      /^brokertwin: Node 24 or newer is needed and this is [\d.]+; .*run `npm rebuild node .*\n$/,
    );
    assert.equal(code, 1);
  });
});

test('a clone without its packages is one line that says what to do, under any Node', async (t) => {
  const command = makeClone(t, '', 'absent');
  for (const path of new Set([node, process.execPath])) {
    const { code, stderr } = await runProgram(path, [command, 'demo']);
    assert.equal(stderr, 'brokertwin: the packages of this clone are not installed: run `npm ci` in it\n');
    assert.equal(code, 1);
  }
});
