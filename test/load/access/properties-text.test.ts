import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePropertiesText } from '../../../src/load/access/properties-text.ts';
import { javaProperties } from '../../../src/local/security/java-properties.ts';

function read(text: string): Record<string, string> {
  return Object.fromEntries([...parsePropertiesText(text).entries].map(([key, { value }]) => [key, value]));
}

test('what the writer of properties files writes is read back from the bytes that Java takes for Latin-1', () => {
  const key = fc.stringMatching(/^[a-z][a-z.]*$/);
  fc.assert(
    fc.property(
      fc.dictionary(key, fc.string({ unit: 'binary' }), { noNullPrototype: true }),
      (properties) => {
        const bytes = Buffer.from(javaProperties(properties));
        assert.deepEqual(read(bytes.toString('latin1')), properties);
      },
    ),
  );
});

test('separators are the equals sign, the colon and blanks', () => {
  assert.deepEqual(read('a=1\nb:2\nc 3\nd\t=\t4\ne = : 5\nf\n=6\ng==7\nh\fi j'), {
    a: '1',
    b: '2',
    c: '3',
    d: '4',
    e: ': 5',
    f: '',
    '': '6',
    g: '=7',
    h: 'i j',
  });
});

test('comments are whole lines, and a backslash does not continue them', () => {
  assert.deepEqual(read('# one \\\na=1 # not one\n \t! another\n\n  b=2'), { a: '1 # not one', b: '2' });
});

test('backslashes escape separators, control characters and characters by their numbers', () => {
  assert.deepEqual(read(String.raw`a\=b\ c\:=\t\n\r\f\u00e9\u20ac\q\\`), { 'a=b c:': '\t\n\r\fé€q\\' });
});

test('a backslash at the end of a line joins the next one without its leading blanks', () => {
  assert.deepEqual(read('a=1,\\\n   2,\\\r\n\t3\nb=\\\\\nc=4\\'), { a: '1,2,3', b: '\\', c: '4' });
});

test('every key is where its line begins, and of a key that is there twice the last counts', () => {
  const { entries } = parsePropertiesText('# head\na=1\\\n  2\n\nb=3\na=4');
  assert.deepEqual(
    [...entries],
    [
      ['a', { value: '4', line: 6 }],
      ['b', { value: '3', line: 5 }],
    ],
  );
});

test('a character number without four digits is malformed', () => {
  assert.deepEqual(parsePropertiesText('a=1\nb=C:\\users\nc=\\\\u12').malformed, [2]);
});
