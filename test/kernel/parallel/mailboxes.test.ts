import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Mailboxes, mailboxMemory } from '../../../src/kernel/parallel/mailboxes.ts';
import { MESSAGE_WORDS } from '../../../src/kernel/simulation.ts';

const WORKERS = 3;
const MESSAGES_MAX = 1000;

function message(number: number): Float64Array {
  return Float64Array.from({ length: MESSAGE_WORDS }, (_, word) => number * 100 + word);
}

describe('mailboxes', () => {
  test('bring what a worker puts in to its receiver only, the windows apart', () => {
    const memory = mailboxMemory(WORKERS, MESSAGES_MAX);
    const all = Array.from({ length: WORKERS }, (_, worker) => new Mailboxes(memory, worker, WORKERS));
    const number = (parity: number, from: number, to: number): number => 100 * parity + 10 * from + to;
    for (const parity of [0, 1]) {
      all.forEach((mine, from) => {
        mine.outgoing(parity).forEach((box, to) => {
          box.clear();
          assert.ok(box.put(message(number(parity, from, to)), 0));
        });
      });
    }
    for (const parity of [0, 1]) {
      all.forEach((mine, to) => {
        mine.incoming(parity).forEach((box, from) => {
          assert.deepEqual(
            box.read(MESSAGE_WORDS).slice(0, MESSAGE_WORDS),
            message(number(parity, from, to)),
          );
        });
      });
    }
  });

  test('grow as they fill, up to their limit, and the reader sees all of it', () => {
    const memory = mailboxMemory(2, MESSAGES_MAX);
    const [box] = new Mailboxes(memory, 1, 2).outgoing(1);
    const [, incoming] = new Mailboxes(memory, 0, 2).incoming(1);
    const messages = new Float64Array((MESSAGES_MAX + 1) * MESSAGE_WORDS).map((_, index) => index);
    assert.equal(incoming.read(0).length, 200 * MESSAGE_WORDS);
    for (let at = 0; at < MESSAGES_MAX; at += 1) assert.ok(box.put(messages, at * MESSAGE_WORDS));
    assert.equal(box.length, MESSAGES_MAX * MESSAGE_WORDS);
    assert.deepEqual(incoming.read(box.length), messages.slice(0, box.length));

    assert.equal(box.put(messages, MESSAGES_MAX * MESSAGE_WORDS), false);
    assert.equal(box.length, MESSAGES_MAX * MESSAGE_WORDS);
    box.clear();
    assert.ok(box.put(messages, MESSAGES_MAX * MESSAGE_WORDS));
    assert.deepEqual(incoming.read(MESSAGE_WORDS).slice(0, MESSAGE_WORDS), messages.slice(-MESSAGE_WORDS));
  });

  test('are never larger than their limit', () => {
    for (const buffer of mailboxMemory(1, 5)) assert.equal(buffer.byteLength, 5 * MESSAGE_WORDS * 8);
  });
});
