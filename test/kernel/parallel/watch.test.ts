import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../support/run-program.ts';
import { LIMIT, runTalking, talking, wrong } from './run-talking.ts';

const STALL = { workers: 2, stallTimeoutMs: 600 };

describe('a run in shards that hangs', () => {
  test('ends when a shard does not come back from an event, naming it and the window', LIMIT, async () => {
    const begunMs = performance.now();
    const running = runTalking({ ...STALL, input: wrong('endless') });
    const { message } = await running.then(
      () => assert.fail('it went on'),
      (reason: Error) => reason,
    );
    const [, nowNs] =
      /^shard 2 has shown no life for 0.6 s in the window after (\d+) ns /.exec(message) ?? [];
    assert.ok(Number(nowNs) > 48_000 && Number(nowNs) <= 50_050, message);
    const tookMs = performance.now() - begunMs;
    assert.ok(tookMs < 2500, `it took ${tookMs} ms`);
  });

  test('ends when a shard is never made, naming it', LIMIT, async () => {
    await assert.rejects(
      runTalking({ ...STALL, input: wrong('endlessWhenMade') }),
      /^Error: shard 2 has shown no life for 0.6 s .* stopped with all shards of its worker \(0, 2\)$/,
    );
  });

  test('ends when no shard comes to life at all', LIMIT, async () => {
    await assert.rejects(runTalking({ ...STALL, factoryModule: 'data:text/javascript,for(;;);' }), {
      message: 'no shard has shown any life for 0.6 s: the workers wait for each other',
    });
  });

  test('leaves nothing behind that keeps the process alive, however it ended', LIMIT, async () => {
    const program = fileURLToPath(new URL('../support/run-and-end.ts', import.meta.url));
    const inputs = [talking, wrong('throw'), wrong('exit'), wrong('throwWhenMade'), wrong('endless')];
    const { code, stdout, stderr } = await runProgram(process.execPath, [program, JSON.stringify(inputs)], {
      timeoutMs: 15_000,
    });
    const lines = stdout.trim().split('\n');
    assert.deepEqual(
      [code, stderr, ...lines.slice(0, 4)],
      [
        0,
        '',
        'good',
        'cluster-2 at 50050 ns: the disk is full',
        'the worker of shards 0, 2 ended early with code 3',
        'shard 2: no such host',
      ],
    );
    assert.match(lines[4], /^shard 2 has shown no life for 0.6 s/);
  });
});
