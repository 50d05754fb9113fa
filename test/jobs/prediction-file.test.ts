import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { writePrediction } from '../../src/jobs/prediction-file.ts';
import { resultHash } from '../../src/result/hash.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { predicted, profile } from '../report/fixture.ts';
import { scratch } from './scratch.ts';

describe('a written prediction', () => {
  test('is in its file with its hash and time, the profile beside it', (t) => {
    const directory = scratch(t);
    const before = Date.now();
    const written = writePrediction(directory, { result: predicted, profile });
    assert.equal(written.file, path.join(directory, 'prediction.json'));
    assert.deepEqual(readdirSync(directory).sort(), ['prediction.json', 'profile.json']);
    const { hash, writtenAt, result } = JSON.parse(readFileSync(written.file, 'utf8'));
    assert.equal(hash, written.hash);
    assert.equal(writtenAt, written.writtenAt);
    assert.deepEqual(result, JSON.parse(JSON.stringify(predicted)));
    assert.deepEqual(JSON.parse(readFileSync(path.join(directory, 'profile.json'), 'utf8')), profile);
    const time = Date.parse(writtenAt);
    assert.ok(time >= before && time <= Date.now(), writtenAt);
  });

  test('can be held to its hash by who reads the file', (t) => {
    const written = writePrediction(scratch(t), { result: predicted, profile });
    const { result } = JSON.parse(readFileSync(written.file, 'utf8'));
    assert.equal(resultHash(result), written.hash);
    const [first, ...others] = predicted.phases;
    const changed: RunResult = {
      ...predicted,
      phases: [{ ...first, throughputRecordsPerSecond: first.throughputRecordsPerSecond + 1 }, ...others],
    };
    assert.notEqual(resultHash(changed), written.hash);
  });

  test('has the same hash whenever and wherever it was made', (t) => {
    const elsewhere: RunResult = {
      ...predicted,
      run: {
        startedAt: '2001-01-01T00:00:00.000Z',
        wallSeconds: 99,
        machine: { cpu: 'another', cores: 64, memoryBytes: 1, os: 'another' },
        versions: { node: '0' },
      },
    };
    const hashes = [predicted, elsewhere].map(
      (result) => writePrediction(scratch(t), { result, profile }).hash,
    );
    assert.equal(hashes[0], hashes[1]);
  });
});
