import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { commandFile, runProgram } from '../support/run-program.ts';
import { scratch } from './scratch.ts';

test('without Java the demo predicts, says that nothing was measured, and exits 3', async (t) => {
  const root = scratch(t);
  // A folder of its own: Java may lie beside the Node that runs the tests.
  const programs = path.join(root, 'programs');
  mkdirSync(programs);
  symlinkSync(process.execPath, path.join(programs, 'node'));
  const out = path.join(root, 'report');
  const { code, stdout, stderr } = await runProgram(process.execPath, [commandFile, 'demo', '--out', out], {
    cwd: root,
    env: {
      PATH: programs,
      HOME: root,
      BROKERTWIN_STATE: path.join(root, 'state'),
      XDG_DATA_HOME: path.join(root, 'data'),
    },
  });
  assert.equal(code, 3, stderr);

  const reason =
    /^Kafka 4\.3\.1 needs Java 17 or newer, none found on the PATH: install it \(.*\) or set JAVA_HOME$/;
  const aboutJava = stderr.split('\n').filter((line) => line.includes('Java'));
  assert.equal(aboutJava.length, 1, stderr);
  assert.match(aboutJava[0], reason);
  assert.doesNotMatch(stderr, /^\s+at /m, 'a stack is not for users');

  const html = path.join(out, 'report.html');
  assert.ok(stdout.endsWith(`\n${html}\n`), stdout);
  assert.match(stdout, /^nothing was measured: Kafka 4\.3\.1 needs Java/m);
  assert.deepEqual(readdirSync(out).sort(), [
    'prediction.json',
    'profile.json',
    'report.html',
    'report.json',
    'report.md',
  ]);
  const report = JSON.parse(readFileSync(path.join(out, 'report.json'), 'utf8'));
  assert.equal(report.measured, null);
  assert.equal(report.error, null);
  assert.match(report.notMeasuredReason, reason);
  assert.ok(report.predicted.throughputRecordsPerSecond > 8000);
  assert.ok(report.predicted.publishLatencyMs.p99 > 0);
  assert.deepEqual(
    report.phases.map(({ name }: { name: string }) => name),
    ['paced', 'saturating'],
  );
  assert.equal(
    report.prediction.hash,
    JSON.parse(readFileSync(path.join(out, 'prediction.json'), 'utf8')).hash,
  );
});
