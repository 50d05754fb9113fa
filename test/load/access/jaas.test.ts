import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJaas } from '../../../src/load/access/jaas.ts';

const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';

function optionsOf(text: string): Record<string, string> {
  const parsed = parseJaas(text);
  assert.ok('modules' in parsed, JSON.stringify(parsed));
  assert.equal(parsed.modules.length, 1);
  assert.equal(parsed.modules[0].className, PLAIN);
  return Object.fromEntries(parsed.modules[0].options);
}

test('whatever is quoted is read back', () => {
  const quoted = (text: string): string =>
    text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (username, password) => {
      const text = `${PLAIN} required username="${quoted(username)}"\n\tpassword="${quoted(password)}" ;`;
      assert.deepEqual(optionsOf(text), { username, password });
    }),
  );
});

test('quotation marks are double, single or left out, and blanks stand anywhere', () => {
  assert.deepEqual(optionsOf(`${PLAIN} REQUIRED username='a "b"' password = pass-1.x$ ;`), {
    username: 'a "b"',
    password: 'pass-1.x$',
  });
});

test('octal numbers and control characters are escaped as in Java', () => {
  assert.deepEqual(optionsOf(`${PLAIN} optional a="\\101\\7\\400\\t\\q";`), { a: 'A\x07\x200\tq' });
});

test('comments are left out', () => {
  assert.deepEqual(optionsOf(`/* one */ ${PLAIN} required // two\n a="/*3*/" / four\n;`), { a: '/*3*/' });
});

test('several modules are told apart', () => {
  const parsed = parseJaas(`${PLAIN} required; ${PLAIN} required a=b;`);
  assert.ok('modules' in parsed);
  assert.deepEqual(
    parsed.modules.map(({ options }) => [...options]),
    [[], [['a', 'b']]],
  );
});

for (const [text, problem] of [
  ['', /found nothing/],
  ['= required;', /no class at its beginning/],
  [`${PLAIN};`, /another word than required/],
  [`${PLAIN} username="secret";`, /another word than required/],
  [`${PLAIN} required username="secret"`, /no semicolon/],
  [`${PLAIN} required username="a" password=5secret;`, /option 2 in another form/],
  [`${PLAIN} required username="a"secret" password="b";`, /option 2 in another form/],
] as const) {
  test(`refused, without repeating it: ${text}`, () => {
    const parsed = parseJaas(text);
    assert.ok('problem' in parsed);
    assert.match(parsed.problem, problem);
    assert.doesNotMatch(parsed.problem, /secret/);
  });
}
