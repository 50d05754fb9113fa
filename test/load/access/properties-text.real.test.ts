/** Texts of all kinds, read by us and by Java. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePropertiesText } from '../../../src/load/access/properties-text.ts';
import { missing } from '../../support/components.ts';
import { emptyDirectory } from './directory.ts';
import { run } from './stores.ts';

const TEXTS = 5_000;
const ALPHABET = [...'ab\\\\\\==:#! \t\f\n\n\r"u00en', '\r\n', '\\u00e9', '\u00e9'];

/** Prints the pairs of each text in order of keys, all in hexadecimal digits, or that it is malformed. */
const PROGRAM = `
import java.io.*; import java.nio.charset.*; import java.nio.file.*; import java.util.*;
public class Show {
  static String hex(String text) { return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_16BE)); }
  public static void main(String[] files) throws IOException {
    StringBuilder shown = new StringBuilder();
    for (String line : Files.readAllLines(Path.of(files[0]))) {
      Properties properties = new Properties();
      try {
        properties.load(new ByteArrayInputStream(HexFormat.of().parseHex(line)));
        for (String key : new TreeSet<>(properties.stringPropertyNames()))
          shown.append(hex(key)).append('=').append(hex(properties.getProperty(key))).append(' ');
      } catch (IllegalArgumentException malformed) {
        shown.append("malformed");
      }
      shown.append('\\n');
    }
    System.out.print(shown);
  }
}`;

test('texts are read as Java reads them', { skip: missing(['java']) ?? false }, (t) => {
  const directory = emptyDirectory(t);
  const text = fc.array(fc.constantFrom(...ALPHABET), { maxLength: 30 }).map((parts) => parts.join(''));
  const texts = fc.sample(text, TEXTS);
  const program = join(directory, 'Show.java');
  const file = join(directory, 'texts');
  writeFileSync(program, PROGRAM);
  writeFileSync(file, texts.map((one) => `${Buffer.from(one, 'latin1').toString('hex')}\n`).join(''));
  const shown = run('java', [program, file]).split('\n');
  assert.equal(shown.length, TEXTS + 1);
  for (const [index, one] of texts.entries()) {
    assert.equal(show(one), shown[index], JSON.stringify(one));
  }
});

function show(text: string): string {
  const { entries, malformed } = parsePropertiesText(text);
  if (malformed.length > 0) return 'malformed';
  return [...entries]
    .map(([key, { value }]) => [hex(key), hex(value)])
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value} `)
    .join('');
}

function hex(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('hex');
}
