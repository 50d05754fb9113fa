import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJavaProperties } from '../../src/scenario/java-properties.ts';

function read(text: string): [string, string, number][] {
  return parseJavaProperties(text).map(({ key, value, line }) => [key, value, line]);
}

describe('Java properties', () => {
  test('are a key and a value, with = or : or blanks between', () => {
    assert.deepEqual(read('acks=all\nlinger.ms : 5\nbatch.size 16384\nclient.id =\nalone\n'), [
      ['acks', 'all', 0],
      ['linger.ms', '5', 1],
      ['batch.size', '16384', 2],
      ['client.id', '', 3],
      ['alone', '', 4],
    ]);
  });

  test('keep what stands behind the first separator, blanks at the end too', () => {
    assert.deepEqual(read('url=jdbc:a=b  \n'), [['url', 'jdbc:a=b  ', 0]]);
  });

  test('may be indented, with comments and empty lines between', () => {
    assert.deepEqual(read('# a=1\n\n  ! b=2\n\tc=3\r\nd=4'), [
      ['c', '3', 3],
      ['d', '4', 4],
    ]);
  });

  test('go on in the next line behind a backslash, but not behind an escaped one', () => {
    assert.deepEqual(read('jaas=Login required \\\n    user="x";\npath=C:\\\\\nnext=1\nlast=\\'), [
      ['jaas', 'Login required user="x";', 0],
      ['path', 'C:\\', 2],
      ['next', '1', 3],
      ['last', '', 4],
    ]);
  });

  test('escape separators, letters and characters by number', () => {
    assert.deepEqual(read('a\\ b\\=c=\\u0041\\tx\\q'), [['a b=c', 'A\txq', 0]]);
  });

  test('stay as often as they stand', () => {
    assert.deepEqual(read('a=1\na=2'), [
      ['a', '1', 0],
      ['a', '2', 1],
    ]);
  });
});
