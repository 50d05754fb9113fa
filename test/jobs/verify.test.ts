import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { EXIT, UserError } from '../../src/errors/errors.ts';
import { diffJob, tracedDifference, verifyJob } from '../../src/jobs/verify.ts';
import { packageRoot } from '../../src/package.ts';
import { type LoadedScenario, readScenario } from '../../src/scenario/read-scenario.ts';
import { traceCausal } from '../trace/support/traces.ts';
import { rememberedProgress, scratch } from './scratch.ts';

const SHORT = ['run.warmup=100ms', 'run.duration=400ms'];
const { signal } = new AbortController();

function shipped(name: string, ...set: string[]): LoadedScenario {
  return readScenario(path.join(packageRoot, 'scenarios', `${name}.yaml`), { set: [...SHORT, ...set] });
}

describe('verify', () => {
  test('finds that all runs agree, on every number of workers', async () => {
    const { progress, lines } = rememberedProgress();
    const outcome = await verifyJob({
      file: path.join(packageRoot, 'scenarios', 'two-clusters.yaml'),
      set: SHORT,
      workers: [1, 2],
      runs: 2,
      progress,
      signal,
    });
    assert.equal(outcome.exitCode, EXIT.good);
    assert.match(outcome.text, /^1 workers {2}trace [0-9a-f]{16} {2}result [0-9a-f]{16}\n/);
    assert.match(outcome.text, /\n2 workers .* stopped at a checkpoint and continued\nall 6 runs agree$/);
    assert.deepEqual(lines, ['stage verify', 'done']);
  });

  test('says where two runs that differ first do so', async () => {
    const [same, other] = [shipped('two-clusters'), shipped('two-clusters', 'producers.web.rate=2k/s')].map(
      (loaded) => ({ loaded, workers: 1, signal }),
    );
    const lines = await tracedDifference(same, other);
    assert.match(lines.join('\n'), /\nfirst difference: event [\d,]+ of run\/west: /);
    assert.equal(lines.at(-1), 'the traces differ');
    const none = await tracedDifference(same, { ...same, workers: 2 });
    assert.equal(none.at(-1), 'the traces are the same');
  });
});

describe('verify --diff', () => {
  test('exits 0 for traces that are the same, 1 for others, naming the first event', async (t) => {
    const directory = scratch(t);
    const [a, again, other] = ['a', 'again', 'other'].map((name) => path.join(directory, name));
    await traceCausal(a);
    await traceCausal(again, { workers: 2 });
    await traceCausal(other, { straysAtNs: 10_000 });
    const { progress } = rememberedProgress();
    const same = await diffJob({ a, b: again, progress, signal });
    assert.equal(same.exitCode, 0);
    assert.match(same.text, /\nthe traces are the same$/);
    const differing = await diffJob({ a, b: other, progress, signal });
    assert.equal(differing.exitCode, 1);
    assert.match(
      differing.text,
      /\nfirst difference: event [\d,]+ of paced\/cluster-1: [\s\S]*\nthe traces differ$/,
    );
    const json = differing.json as { same: boolean; first: { part: string } };
    assert.equal(json.same, false);
    assert.equal(json.first.part, 'paced/cluster-1');
  });

  test('refuses a trace that was cut off when it is the same as far as it goes, and says so when it is not', async (t) => {
    const directory = scratch(t);
    const [a, cut, other] = ['a', 'cut', 'other'].map((name) => path.join(directory, name));
    await traceCausal(a);
    await traceCausal(other, { straysAtNs: 10_000 });
    writeFileSync(cut, readFileSync(a).subarray(0, -1));
    const { progress } = rememberedProgress();
    await assert.rejects(diffJob({ a, b: cut, progress, signal }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, EXIT.badInput);
      assert.match(error.lines[0], /cut: the trace is cut off: paced\/cluster-2 ends after \d+ events$/);
      assert.equal(error.lines[1], 'as far as they go the traces agree');
      return true;
    });
    const differing = await diffJob({ a: cut, b: other, progress, signal });
    assert.equal(differing.exitCode, 1);
    assert.match(differing.text, /^.*cut: the trace is cut off: [\s\S]*\nfirst difference: /);
  });

  test('finds another number of shards a difference', async (t) => {
    const directory = scratch(t);
    const [a, b] = ['a', 'b'].map((name) => path.join(directory, name));
    await traceCausal(a, { run: { shards: ['cluster-0'] } });
    await traceCausal(b, { run: { shards: ['cluster-0', 'cluster-1'] }, untilNs: 0 });
    const { progress } = rememberedProgress();
    const { exitCode, text } = await diffJob({ a, b, progress, signal });
    assert.equal(exitCode, 1);
    assert.match(text, /not the same: shard, number 2: none in a, cluster-1 in b/);
  });
});
