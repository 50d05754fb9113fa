import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventRecords, ROW_HALVES, ROW_WORDS } from '../../../src/kernel/event-rows.ts';
import { Mailboxes, mailboxMemory } from '../../../src/kernel/parallel/mailboxes.ts';

const WORKERS = 3;
const EVENTS_MAX = 1000;

/** So many events whose numbers, of 64 bits and of 32, are all different. */
function events(count: number, first = 0): EventRecords {
  const data = Float64Array.from({ length: count * ROW_WORDS }, (_, word) => first * 1000 + word);
  const halves = new Uint32Array(data.buffer);
  for (let event = 0; event < count; event += 1) halves[event * ROW_HALVES + 13] = first + event;
  return { data, halves };
}

function slice({ data, halves }: EventRecords, from: number, to: number): EventRecords {
  return {
    data: data.slice(from * ROW_WORDS, to * ROW_WORDS),
    halves: halves.slice(from * ROW_HALVES, to * ROW_HALVES),
  };
}

describe('mailboxes', () => {
  test('bring what a worker puts in to its receiver only, the windows apart', () => {
    const memory = mailboxMemory(WORKERS, EVENTS_MAX);
    const all = Array.from({ length: WORKERS }, (_, worker) => new Mailboxes(memory, worker, WORKERS));
    const number = (parity: number, from: number, to: number): number => 100 * parity + 10 * from + to;
    for (const parity of [0, 1]) {
      all.forEach((mine, from) => {
        mine.outgoing(parity).forEach((box, to) => {
          box.clear();
          assert.ok(box.put(events(1, number(parity, from, to)), 0));
        });
      });
    }
    for (const parity of [0, 1]) {
      all.forEach((mine, to) => {
        mine.incoming(parity).forEach((box, from) => {
          assert.deepEqual(slice(box.read(1), 0, 1), events(1, number(parity, from, to)));
        });
      });
    }
  });

  test('grow as they fill, up to their limit, and the reader sees all of it', () => {
    const memory = mailboxMemory(2, EVENTS_MAX);
    const [box] = new Mailboxes(memory, 1, 2).outgoing(1);
    const [, incoming] = new Mailboxes(memory, 0, 2).incoming(1);
    const sent = events(EVENTS_MAX + 1);
    assert.equal(incoming.read(0).data.length, 200 * ROW_WORDS);
    for (let event = 0; event < EVENTS_MAX; event += 1) assert.ok(box.put(sent, event));
    assert.equal(box.length, EVENTS_MAX);
    assert.deepEqual(slice(incoming.read(box.length), 0, EVENTS_MAX), slice(sent, 0, EVENTS_MAX));

    assert.equal(box.put(sent, EVENTS_MAX), false);
    assert.equal(box.length, EVENTS_MAX);
    box.clear();
    assert.ok(box.put(sent, EVENTS_MAX));
    assert.deepEqual(slice(incoming.read(1), 0, 1), slice(sent, EVENTS_MAX, EVENTS_MAX + 1));
  });

  test('are never larger than their limit', () => {
    for (const buffer of mailboxMemory(1, 5)) assert.equal(buffer.byteLength, 5 * ROW_WORDS * 8);
  });
});
