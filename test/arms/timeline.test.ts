import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { playTimeline } from '../../src/arms/timeline.ts';
import type { OperationBody, TimedOperation } from '../../src/operations/operation.ts';

const at = (atMs: number, body: OperationBody): TimedOperation => ({
  ...body,
  cluster: 'c',
  instance: 1,
  atMs,
});

test('operations begin at their times, also while an earlier one is under way, and are told in that order', async () => {
  const timeline = playTimeline(
    [at(20, { action: 'rollingRestart', waitMs: 0 }), at(60, { action: 'kill', brokers: [2] })],
    async ({ action }) => {
      if (action === 'rollingRestart') await sleep(150);
    },
    { durationMs: 1000 },
  );
  await sleep(250);
  const events = await timeline.end();
  assert.deepEqual(
    events.map(({ what }) => what),
    ['rollingRestart', 'kill broker 2', 'kill broker 2: done', 'rollingRestart: done'],
  );
  // Timers may fire up to a millisecond early.
  assert.ok(events[0].atSeconds >= 0.018 && events[1].atSeconds >= 0.058);
});

test('one whose time is not before the end of the phase is not begun, however long the stragglers take', async () => {
  const performed: string[] = [];
  const timeline = playTimeline(
    [at(10, { action: 'kill', brokers: [1] }), at(40, { action: 'start', brokers: [1] })],
    async ({ action }) => {
      performed.push(action);
    },
    { durationMs: 40 },
  );
  await sleep(80);
  const events = await timeline.end();
  assert.deepEqual(performed, ['kill']);
  assert.deepEqual(events.at(-1), { atSeconds: 0.04, what: 'start broker 1: not begun' });
});

test('an interruption ends what waits and what is under way', async () => {
  const interruption = new AbortController();
  const timeline = playTimeline(
    [at(0, { action: 'rollingRestart', waitMs: 0 }), at(30_000, { action: 'start', brokers: [1] })],
    (_, signal) => sleep(30_000, undefined, { signal }),
    { durationMs: 60_000, signal: interruption.signal },
  );
  await sleep(20);
  interruption.abort();
  const lines = (await timeline.end()).map(({ what }) => what);
  assert.equal(lines[0], 'rollingRestart');
  assert.match(lines.find((line) => line.includes('failed')) ?? '', /^rollingRestart: failed: /);
  assert.ok(lines.includes('start broker 1: not begun'));
});

test('one that fails is told and ends nothing, one whose time did not come is told too', async () => {
  const timeline = playTimeline(
    [
      at(0, { action: 'start', brokers: [1] }),
      at(10, { action: 'continue', brokers: [1] }),
      at(60_000, { action: 'stop', brokers: [1] }),
    ],
    async ({ action }) => {
      if (action === 'start') throw new Error('it runs');
    },
    { durationMs: 120_000 },
  );
  await sleep(50);
  const lines = (await timeline.end()).map(({ what }) => what);
  assert.deepEqual(lines.slice(0, 4).sort(), [
    'continue broker 1',
    'continue broker 1: done',
    'start broker 1',
    'start broker 1: failed: it runs',
  ]);
  assert.equal(lines[4], 'stop broker 1: not begun');
});
