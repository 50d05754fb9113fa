import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { UserError } from '../../src/errors/errors.ts';
import { type SimulateOptions, simulateJob } from '../../src/jobs/simulate.ts';
import { packageRoot } from '../../src/package.ts';
import { BlockWriter } from '../../src/trace/block-writer.ts';
import { startTrace } from '../../src/trace/start-trace.ts';
import { rememberedProgress } from '../jobs/scratch.ts';
import { brokertwin } from '../support/run-program.ts';
import { assertSameEvents, readEvents, scratch, traceRun, withTrace } from './support/traces.ts';
import { view } from './support/viewer.ts';

const TWO_CLUSTERS = path.join(packageRoot, 'scenarios', 'two-clusters.yaml');
const SHORT = ['run.warmup=100ms', 'run.duration=300ms'];

async function simulate(options: Partial<SimulateOptions>) {
  const { progress, lines } = rememberedProgress();
  const outcome = await simulateJob({
    file: TWO_CLUSTERS,
    set: SHORT,
    workers: 1,
    profile: 'reference-2core',
    progress,
    signal: new AbortController().signal,
    ...options,
  });
  return { outcome, lines };
}

describe('simulate --trace', () => {
  test('writes every event, the same on 1 and 2 workers', async (t) => {
    const directory = scratch(t);
    const files = [1, 2].map((workers) => path.join(directory, `${workers}.trace`));
    const { outcome } = await simulate({ trace: files[0], workers: 1 });
    await simulate({ trace: files[1], workers: 2 });
    const [one, two] = [await readEvents(files[0]), await readEvents(files[1])];
    assert.equal(one.length, 2);
    for (const [part, events] of one.entries()) assertSameEvents(two[part], events);
    const { events } = outcome.json as { events: number };
    assert.equal(one.flat().length, events);
    assert.match(
      outcome.text,
      RegExp(`\\ntrace ${files[0]} {2}${events.toLocaleString('en-US')} events, \\d+\\.\\d MB$`),
    );
    assert.deepEqual(readdirSync(directory).sort(), ['1.trace', '2.trace']);
  });

  test('says what was run', async (t) => {
    const trace = path.join(scratch(t), 'a.trace');
    await simulate({ trace, seed: 9, traceFromNs: 200_000_000, traceUntilNs: 210_000_000 });
    await withTrace(trace, ({ run, parts }) => {
      assert.equal(run.scenario.name, 'two-clusters');
      assert.equal(run.seed, 9);
      assert.equal(run.profile.name, 'reference-2core');
      assert.deepEqual([run.phases, run.shards], [['run'], ['east', 'west']]);
      assert.deepEqual([run.fromNs, run.untilNs], [200_000_000, 210_000_000]);
      for (const { events, kinds, entities } of parts) {
        assert.ok(events > 10);
        assert.ok(kinds.includes('requestArrives'));
        assert.ok(entities.length > 2);
      }
    });
  });

  test('keeps what there is of a run that was interrupted, and says where', async (t) => {
    const directory = scratch(t);
    const trace = path.join(directory, 'a.trace');
    writeFileSync(trace, 'older');
    const controller = new AbortController();
    const { progress, lines } = rememberedProgress();
    const running = simulateJob({
      file: TWO_CLUSTERS,
      set: ['run.duration=1h'],
      workers: 1,
      trace,
      progress: { ...progress, update: () => controller.abort(new Error('enough')) },
      signal: controller.signal,
    });
    await assert.rejects(running, /enough/);
    assert.equal(readFileSync(trace, 'utf8'), 'older');
    assert.ok(lines.includes(`note the trace until then is in ${trace}.unfinished`), lines.join('\n'));
    await withTrace(`${trace}.unfinished`, ({ cutOff, events }) => {
      assert.match(
        cutOff ?? '',
        /cut off: run\/east ends after \d+ events, run\/west ends after \d+ events$/,
      );
      assert.ok(events > 100);
    });
  });

  test('says nothing of an unfinished trace that is older than the run', async (t) => {
    const trace = path.join(scratch(t), 'a.trace');
    writeFileSync(`${trace}.unfinished`, 'older');
    const { progress, lines } = rememberedProgress();
    const signal = new AbortController().signal;
    const refused = { file: TWO_CLUSTERS, set: [], workers: 1, profile: 'no-such', trace, progress, signal };
    await assert.rejects(simulateJob(refused), /no-such/);
    assert.deepEqual(lines, ['stage simulate']);
  });

  test('refuses a place that cannot be written before it runs anything', async (t) => {
    const trace = path.join(scratch(t), 'no', 'such', 'a.trace');
    await assert.rejects(simulate({ trace, set: ['run.duration=10h'] }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /a\.trace: expected a place that can be written, found: ENOENT/);
      return true;
    });
  });

  test('has no fault of ours to report when the disk is full', { skip: !existsSync('/dev/full') }, (t) => {
    const writer = new BlockWriter('/dev/full');
    assert.equal(writer.isBroken, false);
    const trace = startTrace(path.join(scratch(t), 'a.trace'), traceRun());
    assert.throws(
      () => writer.writeJson(1, 0, {}),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        const fromWorker = structuredClone(new Error(`cluster at 7 ns: ${error.message}`));
        const explained = trace.explained(fromWorker);
        assert.ok(explained instanceof UserError);
        assert.match(
          explained.message,
          /the trace cannot be written: \/dev\/full: ENOSPC.*; free some space/,
        );
        return true;
      },
    );
    assert.equal(writer.isBroken, true);
    writer.close();
    const other = new Error('something else');
    assert.equal(trace.explained(other), other);
  });
});

describe('simulate --perfetto', () => {
  test('writes what viewers read, and leaves no trace behind', async (t) => {
    const directory = scratch(t);
    const perfetto = path.join(directory, 'trace.json');
    writeFileSync(perfetto, 'older');
    const { outcome, lines } = await simulate({ perfetto, traceUntilNs: 50_000_000, workers: 2 });
    assert.deepEqual(readdirSync(directory), ['trace.json']);
    const { slices, arrows } = view(readFileSync(perfetto, 'utf8'));
    assert.deepEqual([...new Set(slices.map(({ process }) => process))].sort(), ['run/east', 'run/west']);
    assert.ok(arrows.length > slices.length / 2, `${arrows.length} arrows, ${slices.length} slices`);
    assert.match(
      outcome.text,
      RegExp(`\\nperfetto ${perfetto} {2}${slices.length.toLocaleString('en-US')} events, `),
    );
    assert.deepEqual(lines, ['stage simulate', 'stage perfetto', 'done']);
  });

  test('leaves nothing behind when the run fails', async (t) => {
    const directory = scratch(t);
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(simulate({ perfetto: path.join(directory, 'trace.json'), signal }), /enough/);
    assert.deepEqual(readdirSync(directory), []);
  });
});

describe('the command line of traces', () => {
  test('writes a trace and finds it the same as itself', async (t: TestContext) => {
    const trace = path.join(scratch(t), 'a.trace');
    const set = SHORT.flatMap((value) => ['--set', value]);
    const written = await brokertwin(
      ...[
        'simulate',
        TWO_CLUSTERS,
        ...set,
        '--trace',
        trace,
        '--trace-from',
        '0.1s',
        '--trace-until',
        '200 ms',
        '--json',
      ],
    );
    assert.equal(written.code, 0, written.stderr);
    const json = JSON.parse(written.stdout) as { trace: string };
    assert.equal(json.trace, trace);
    await withTrace(trace, ({ run }) => assert.deepEqual([run.fromNs, run.untilNs], [1e8, 2e8]));
    const compared = await brokertwin('verify', '--diff', trace, trace, '--json');
    assert.equal(compared.code, 0, compared.stderr);
    assert.equal((JSON.parse(compared.stdout) as { same: boolean }).same, true);
  });

  const mistakes: readonly (readonly [name: string, args: readonly string[], expected: RegExp])[] = [
    [
      'neither a scenario nor traces',
      ['verify'],
      /^brokertwin verify: expected a scenario to run, or --diff with two traces, found neither\n/,
    ],
    ['both a scenario and traces', ['verify', 'a.yaml', '--diff', 'a', 'b'], /found both\n/],
    ['one trace', ['verify', '--diff', 'a'], /^brokertwin verify: --diff: give it once, with two traces/],
    [
      'two pairs of traces',
      ['verify', '--diff', 'a', 'b', '--diff', 'c', 'd'],
      /--diff: give it once, with two traces/,
    ],
    [
      'a trace that is none',
      ['verify', '--diff', 'README.md', 'README.md'],
      /README\.md: expected a trace as brokertwin simulate --trace writes it, found another file\n/,
    ],
    [
      'a time without a unit',
      ['simulate', 'a.yaml', '--trace', 'a', '--trace-from', '3'],
      /--trace-from: expected a duration such as .* add a unit/,
    ],
    [
      'an end before the beginning',
      ['simulate', 'a.yaml', '--trace', 'a', '--trace-from', '3s', '--trace-until', '2s'],
      /--trace-until: expected a time after --trace-from/,
    ],
    [
      'a time without a trace',
      ['simulate', 'a.yaml', '--trace-until', '2s'],
      /say what --trace or --perfetto write: give one of these too/,
    ],
    [
      'one file for two',
      ['simulate', 'a.yaml', '--trace', 'a', '--perfetto', './a'],
      /--perfetto: expected another file than --trace/,
    ],
  ];
  for (const [name, args, expected] of mistakes) {
    test(`refuses ${name}`, async () => {
      const { code, stdout, stderr } = await brokertwin(...args, '--quiet');
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /^ {4}at /m);
      assert.equal(stdout, '');
      assert.equal(code, 2);
    });
  }
});
