import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { EXIT, UserError } from '../../src/errors/errors.ts';
import { runDirectory, writeJson } from '../../src/jobs/run-directory.ts';
import { scratch } from './scratch.ts';

describe('the directory of a run', () => {
  test('is the one that was named, made with its parents', (t) => {
    const wanted = path.join(scratch(t), 'a', 'b');
    assert.equal(runDirectory(wanted, 'demo'), wanted);
    assert.deepEqual(readdirSync(wanted), []);
  });

  test('may be there already, with what is in it', (t) => {
    const directory = scratch(t);
    writeFileSync(path.join(directory, 'kept.txt'), 'kept');
    assert.equal(runDirectory(directory, 'demo'), directory);
    assert.deepEqual(readdirSync(directory), ['kept.txt']);
  });

  test('is named by time and scenario without a wish', (t) => {
    const before = process.cwd();
    process.chdir(scratch(t));
    t.after(() => process.chdir(before));
    const directory = runDirectory(undefined, 'demo');
    assert.match(
      path.relative(process.cwd(), directory),
      /^reports\/runs\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-demo$/,
    );
    assert.deepEqual(readdirSync(directory), []);
  });

  test('that cannot be made is one line that says where, why and what to do', (t) => {
    const file = path.join(scratch(t), 'file');
    writeFileSync(file, '');
    const wanted = path.join(file, 'run');
    assert.throws(
      () => runDirectory(wanted, 'demo'),
      (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.equal(error.exitCode, EXIT.badInput);
        assert.equal(error.lines.length, 1);
        assert.ok(error.lines[0].startsWith(`${wanted}: expected a directory that can be written, found: `));
        assert.match(error.lines[0], /name another with --out$/);
        assert.doesNotMatch(error.lines[0], /\n/);
        return true;
      },
    );
  });
});

describe('JSON of a run', () => {
  test('replaces what was there and leaves nothing else behind', (t) => {
    const directory = scratch(t);
    const file = writeJson(directory, 'a.json', { old: 'a longer content than the new one has' });
    assert.equal(writeJson(directory, 'a.json', { new: 1 }), file);
    assert.equal(readFileSync(file, 'utf8'), '{\n  "new": 1\n}\n');
    assert.deepEqual(readdirSync(directory), ['a.json']);
  });

  test('that cannot be made leaves the old file whole', (t) => {
    const directory = scratch(t);
    const file = writeJson(directory, 'a.json', { old: true });
    const circle: { self?: unknown } = {};
    circle.self = circle;
    assert.throws(() => writeJson(directory, 'a.json', circle), TypeError);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { old: true });
    assert.deepEqual(readdirSync(directory), ['a.json']);
  });

  test('that cannot be put in its place leaves no half file behind', (t) => {
    const directory = scratch(t);
    mkdirSync(path.join(directory, 'a.json'));
    assert.throws(() => writeJson(directory, 'a.json', { new: 1 }));
    assert.deepEqual(readdirSync(directory), ['a.json']);
  });
});
