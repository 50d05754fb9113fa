import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { packageRoot } from '../src/package.ts';
import { determinism } from './support/tidy/determinism.ts';
import {
  completeLock,
  deadFiles,
  fileLength,
  machineTraces,
  registeredCommands,
  scenarioHeads,
  startedModules,
} from './support/tidy/files.ts';
import { roomDirections } from './support/tidy/rooms.ts';
import { parseSource, type Rule, readFiles, type SourceFile } from './support/tidy/source.ts';

const NOT_OURS = /^(?:node_modules|\.git|dist|reports)\/|\.(?:png|ico|ttf|woff2|tgz|gz|parquet)$/;
/** Machine paths in the samples below are put together, so that this file holds none itself. */
const slash = '/';

const everything = readFiles(packageRoot, '.', (path) => !NOT_OURS.test(path));
const code = everything.filter(({ path }) => /\.(?:ts|mjs)$/.test(path));

describe('the repository', () => {
  const rules: readonly (readonly [name: string, rule: Rule, files: readonly SourceFile[]])[] = [
    ['lets rooms read only the rooms below them', roomDirections, code],
    ['keeps the simulator deterministic', determinism, code],
    ['has no file of more than 500 lines', fileLength, code],
    ['has no dead file', deadFiles, code],
    ['starts workers in a way that survives the build', startedModules, code],
    ['registers every command', registeredCommands, code],
    ['holds no trace of a machine or registry', machineTraces, everything],
    ['heads every scenario with its schema and question', scenarioHeads, everything],
    ['has a lock that npm ci accepts', completeLock, everything],
  ];
  for (const [name, rule, files] of rules) {
    test(name, () => {
      const findings = found(rule, files);
      if (findings !== '') assert.fail(`\n${findings}`);
    });
  }
});

describe('the tidy rules', () => {
  test('find an import against the direction of the rooms, also of a type', () => {
    assert.equal(
      found(roomDirections, [
        parseSource(
          'src/kernel/clock.ts',
          "// from '../kafka/a.ts'\nimport type { A } from '../kafka/a.ts';\n",
        ),
        parseSource('src/load/run.ts', "const local = await import('../local/jars.ts');\n"),
        parseSource('src/attic/a.ts', ''),
        parseSource(
          'src/cli/main.ts',
          "import '../jobs/demo.ts';\nimport { version } from '../package.ts';\n",
        ),
      ]),
      [
        'src/kernel/clock.ts:2 kernel may not read kafka',
        'src/load/run.ts:1 load may not read local',
        'src/attic/a.ts:1 room "attic" is not drawn in test/support/tidy/rooms.ts',
      ].join('\n'),
    );
  });

  const banned = [
    'const now = Date.now();',
    'const now = performance.now();',
    'const draw = Math.random();',
    'setTimeout(run, 1);',
    'export async function run() {}',
    'const text = count.toLocaleString();',
    'names.sort((a, b) => a.localeCompare(b));',
    'const reference = new WeakRef(broker);',
    'const square = x ** 2;',
    'const square = Math.pow(x, 2);',
    'const wait = -Math.log(draw);',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is what is looked into
    'const text = `${x + `${Math.exp(x)}`} ms`;',
    'for (const key in brokers) count(key);',
    "console.log('broker');",
    'const home = process.env.HOME;',
    "import { readFileSync } from 'node:fs';",
  ];
  for (const line of banned) {
    test(`refuse in the simulator: ${line}`, () => {
      for (const room of ['kernel', 'hardware', 'kafka', 'fleet', 'operations', 'invariants']) {
        const findings = determinism([parseSource(`src/${room}/sample.ts`, `\n${line}\n`)]);
        assert.equal(findings.length, 1, room);
        assert.equal(findings[0]?.line, 2);
      }
      assert.deepEqual(determinism([parseSource('src/load/sample.ts', line)]), []);
    });
  }

  test('read neither comments nor strings nor regular expressions nor names that only look alike', () => {
    const harmless = [
      '/** Math.pow and ** and Date differ. */',
      "const words = 'await Date.now()'; // await Promise",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is what is looked into
      'const text = `no ${count} Math.random() ${total}`;',
      'const pattern = /\\/\\*\\*Date\\b/g;',
      'const half = total / 2; // setTimeout / setInterval',
      'broker.process.start(); consumer.processMs += Math.max(1, Math.floor(x));',
      'const brokerDate = 1;',
    ].join('\n');
    assert.equal(found(determinism, [parseSource('src/kernel/sample.ts', harmless)]), '');
  });

  test('let only math.ts do inexact mathematics and only the parallel runner wait', () => {
    const line = 'export const wait = async () => Math.log(2);\n';
    const messages = (path: string): number => determinism([parseSource(path, line)]).length;
    assert.equal(messages('src/kernel/other.ts'), 2);
    assert.equal(messages('src/kernel/math.ts'), 1);
    assert.equal(messages('src/kernel/parallel/run-shards.ts'), 1);
    assert.equal(messages('src/kernel/parallel/other.ts'), 2);
  });

  test('find a file that is too long', () => {
    assert.equal(
      found(fileLength, [
        parseSource('src/a.ts', 'x\n'.repeat(501)),
        parseSource('src/b.ts', 'x\n'.repeat(500)),
      ]),
      'src/a.ts:501 501 lines, at most 500: split it',
    );
  });

  test('find a file that nothing leads to, and follow dynamic imports and workers', () => {
    assert.equal(
      found(deadFiles, [
        parseSource('src/cli/main.ts', "await import('./run.ts');\n"),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is what is looked into
        parseSource('src/cli/run.ts', "new Worker(new URL(`./${'worker'}.${ENDING}`, import.meta.url));\n"),
        parseSource('src/cli/worker.ts', "export { a } from '../load/a.ts';\n"),
        parseSource('src/load/a.ts', ''),
        parseSource('src/load/b.ts', "import './a.ts';\n"),
      ]),
      'src/load/b.ts:1 dead: not reached from src/cli/main.ts, nor from bench/',
    );
  });

  test('find a worker that the built package would not', () => {
    assert.equal(
      found(startedModules, [
        parseSource('src/load/pool.ts', "new Worker(new URL('./worker.ts', import.meta.url));"),
      ]),
      'src/load/pool.ts:1 not found in the built package: use siblingModule of src/package.ts',
    );
  });

  test('find a command that is not registered', () => {
    assert.equal(
      found(registeredCommands, [
        parseSource('src/cli/run.ts', "import { demo } from './commands/demo.ts';\n"),
        parseSource('src/cli/commands/demo.ts', ''),
        parseSource('src/cli/commands/plan.ts', ''),
      ]),
      'src/cli/commands/plan.ts:1 not registered in src/cli/run.ts',
    );
  });

  test('find machine paths and registry hosts', () => {
    const sample = [
      `see ${slash}home/somebody/kafka`,
      `"resolved": "https://${['registry', 'npmjs', 'org'].join('.')}/yaml"`,
      'https://example.org/home and src/work/a.ts and ./root',
    ].join('\n');
    assert.equal(
      found(machineTraces, [parseSource('README.md', sample)]),
      [
        "README.md:1 a path of somebody's machine",
        'README.md:2 a host name of a registry: leave it to npm and Maven',
      ].join('\n'),
    );
  });

  test('find a scenario without its schema line or question', () => {
    const schemaLine = '# yaml-language-server: $schema=../schema/scenario.json';
    assert.equal(
      found(scenarioHeads, [
        parseSource('scenarios/good.yaml', `${schemaLine}\nquestion: Does it hold?\n`),
        parseSource('scenarios/bad.yaml', `name: bad\nquestion:\n`),
      ]),
      [
        'scenarios/bad.yaml:1 expected # yaml-language-server: $schema=../schema/scenario.json',
        'scenarios/bad.yaml:1 expected a question: that it answers',
      ].join('\n'),
    );
  });

  test('find a lock that names a package without describing it', () => {
    const lock = {
      packages: {
        'node_modules/a': { optionalDependencies: { 'a-linux': '1.0.0', 'a-win32': '1.0.0' } },
        'node_modules/a-linux': {},
      },
    };
    assert.equal(
      found(completeLock, [parseSource('package-lock.json', JSON.stringify(lock, null, 2))]),
      'package-lock.json:6 a-win32 is named but not described, npm ci will refuse it: node scripts/complete-lock.mjs',
    );
  });
});

function found(rule: Rule, files: readonly SourceFile[]): string {
  return rule(files)
    .map(({ path, line, message }) => `${path}:${line} ${message}`)
    .join('\n');
}
