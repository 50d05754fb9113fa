import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FIGURES } from '../../bench/kernel/catalogue.ts';
import type { Line } from '../../bench/kernel/lines.ts';
import { packageRoot } from '../../src/package.ts';
import { type Finished, runProgram } from '../support/run-program.ts';

const NAMES = [
  'queue-100',
  'hold-100',
  'queue-10000',
  'hold-10000',
  'queue-1000000',
  'hold-1000000',
  'mm1',
  'timers',
  'allocation',
  'allocation-scavenges',
  'parallel-2',
  'parallel-break-even',
  'checkpoint',
  'restore',
];

function benchKernel(...args: readonly string[]): Promise<Finished> {
  return runProgram(process.execPath, [join(packageRoot, 'bench', 'kernel', 'bench-kernel.ts'), ...args]);
}

function linesIn(stdout: string): Line[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);
}

describe('npm run bench:kernel', () => {
  test('measures every figure at smoke size, a line each, and one for each peer', async () => {
    const { code, stdout, stderr } = await benchKernel('--smoke', '--json');
    assert.equal(code, 0, stderr);
    const lines = linesIn(stdout);
    assert.deepEqual([...new Set(lines.map(({ name }) => name))], NAMES);
    assert.deepEqual(
      lines.map(({ name }) => name),
      FIGURES.flatMap(({ name, goals }) => goals.map(() => name)),
    );
    for (const line of lines) {
      assert.deepEqual(
        Object.keys(line).filter((key) => key !== 'skipped'),
        ['name', 'value', 'unit', 'goal', 'goalMet', 'ratio', 'spread', 'against'],
      );
      assert.ok(Number.isFinite(line.value), line.name);
      assert.equal(line.goalMet, null, line.name);
      if (line.against === null) assert.deepEqual(line.spread, [line.value, line.value]);
      else assert.deepEqual([line.ratio, line.spread, line.skipped], [null, null, 'this is a smoke run']);
    }
    assert.match(stderr, /^bench:kernel: nexosim [\d.]+ is skipped: this is a smoke run$/m);
    assert.match(
      stderr,
      /^bench:kernel: round 1\/1 {2}queue-100 {2}eventsPerSecond .+ checksum \d+ {2}\(\d+ s in all\)$/m,
    );
  });

  test('measures only what it is asked for, as often, and prints a table', async () => {
    const { code, stdout, stderr } = await benchKernel(
      ...['--smoke', '--only', 'restore,checkpoint', '--rounds', '2'],
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stdout.split('\n').map((line) => line.split(' ')[0]),
      ['figure', 'checkpoint', 'restore', ''],
    );
    assert.equal(stderr.match(/^bench:kernel: round \d\/2 {2}checkpoint /gm)?.length, 2);
  });

  const refused: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['--fast'], /^bench:kernel: Unknown option '--fast'; see --help$/],
    [['queue-100'], /^bench:kernel: Unexpected argument 'queue-100'.*; see --help$/],
    [['--rounds', '0'], /^bench:kernel: --rounds: expected a whole number from 1 to 100, found "0"$/],
    [['--rounds', '2.5'], /^bench:kernel: --rounds: expected a whole number from 1 to 100, found "2.5"$/],
    [['--rounds'], /^bench:kernel: .*--rounds.*; see --help$/],
    [['--only', 'mm1,mm2'], /^bench:kernel: --only: no figure is named "mm2"; there are queue-100, /],
    [['--only', ''], /^bench:kernel: --only: no figure is named ""; there are queue-100, /],
  ];
  for (const [args, message] of refused) {
    test(`refuses ${args.map((arg) => arg || "''").join(' ')} in one line, with exit code 2`, async () => {
      const { code, stdout, stderr } = await benchKernel(...args);
      assert.match(stderr.trimEnd(), message);
      assert.deepEqual([code, stdout, stderr.split('\n').length], [2, '', 2]);
    });
  }

  test('a program of it refuses numbers that it is not given', async () => {
    const hold = join(packageRoot, 'bench', 'kernel', 'figures', 'hold.ts');
    const { code, stderr } = await runProgram(process.execPath, [hold, 'pending=10', 'entities=x']);
    assert.deepEqual([code, stderr], [1, 'expected entities=NUMBER, found entities=x\n']);
  });
});
