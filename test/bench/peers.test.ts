import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { preparePeer } from '../../bench/kernel/peers.ts';
import { runChild } from '../../bench/kernel/run-child.ts';

const NODE = process.execPath;

describe('the peers', () => {
  test('are skipped with the reason on a machine without their tools', async (context) => {
    const path = process.env.PATH;
    context.after(() => {
      process.env.PATH = path;
    });
    process.env.PATH = '';
    const { label, skipped, command } = await preparePeer('nexosim');
    assert.deepEqual([label, skipped, command], ['nexosim 1.0.0', 'rustc: not found on this machine', null]);
  });
});

describe('a child process', () => {
  test('gives what it wrote to stdout', async () => {
    const stdout = await runChild({ command: NODE, args: ['-p', '6 * 7'], timeoutMs: 10_000 });
    assert.equal(stdout, '42\n');
  });

  test('that fails is an error with its code and last words', async () => {
    const script = "console.error('no memory'); process.exitCode = 3";
    await assert.rejects(runChild({ command: NODE, args: ['-e', script], timeoutMs: 10_000 }), {
      message: 'exit code 3: no memory',
    });
  });

  test('that takes too long is ended', async () => {
    const script = 'setTimeout(() => undefined, 20_000)';
    await assert.rejects(runChild({ command: NODE, args: ['-e', script], timeoutMs: 300 }), {
      message: 'ended by SIGTERM (it may take 0.3 s)',
    });
  });
});
