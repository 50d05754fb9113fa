import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { packageRoot, version } from '../../src/package.ts';
import { brokertwin, commandFile } from '../support/run-program.ts';

const commands = readdirSync(join(packageRoot, 'src/cli/commands')).map((file) => file.replace('.ts', ''));

describe('help', () => {
  test('--version prints the version alone', async () => {
    assert.deepEqual(await brokertwin('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('--help names every command on stdout', async () => {
    const { code, stdout, stderr } = await brokertwin('--help');
    assert.equal(code, 0);
    assert.equal(stderr, '');
    for (const command of commands) assert.match(stdout, RegExp(`brokertwin ${command}\\b`));
  });

  for (const command of commands) {
    test(`${command} --help shows an example`, async () => {
      const { code, stdout } = await brokertwin(command, '--help');
      assert.equal(code, 0);
      assert.match(stdout, RegExp(`Examples:\\n\\s+brokertwin ${command}`));
    });
  }

  test('completion prints a script and completes options', async () => {
    const script = await brokertwin('completion');
    assert.equal(script.code, 0);
    assert.equal(script.stderr, '');
    const words = await brokertwin('--get-yargs-completions', 'brokertwin', 'simulate', '--se');
    assert.match(words.stdout, /^--seed$/m);
  });
});

describe('bad usage exits 2 with nothing on stdout', () => {
  const cases: readonly (readonly [name: string, args: readonly string[], expected: RegExp])[] = [
    ['no command', [], /^brokertwin: a command is needed: demo, simulate,/],
    [
      'an unknown command',
      ['simulat', 'a.yaml'],
      /^brokertwin: unknown command "simulat", did you mean "simulate"\?/,
    ],
    ['an unknown command unlike any', ['qqqqqqq'], /^brokertwin: unknown command "qqqqqqq"\n/],
    [
      'an unknown option',
      ['simulate', 'a.yaml', '--wrokers', '2'],
      /unknown option --wrokers, did you mean --workers\?/,
    ],
    [
      'a missing argument',
      ['simulate'],
      /^brokertwin simulate: an argument is missing: brokertwin simulate <scenario>/,
    ],
    [
      'an argument too many',
      ['simulate', 'a.yaml', 'b.yaml'],
      /^brokertwin simulate: unexpected argument "b.yaml"/,
    ],
    [
      'a wrong number',
      ['simulate', 'a.yaml', '--seed', '1.5'],
      /--seed: expected a whole number of at least 0, found "1.5"/,
    ],
    [
      'no workers',
      ['simulate', 'a.yaml', '--workers', '0'],
      /--workers: expected a whole number of at least 1, found "0"/,
    ],
    ['an option given twice', ['simulate', 'a.yaml', '--seed', '1', '--seed', '2'], /--seed: .*give it once/],
    ['an option without its value', ['simulate', 'a.yaml', '--seed'], /Not enough arguments following: seed/],
    ['a wrong choice', ['cluster', 'pu'], /Given: "pu", Choices: "up", "status", "do", "exec", "down"/],
    [
      'a property without a value',
      ['cluster', 'up', '--config', 'num.io.threads'],
      /--config: expected name=value/,
    ],
    [
      'options beside a scenario that says the same',
      ['cluster', 'up', 's.yaml', '--nic', '80Mbit', '--brokers', '5', '--network', 'loopback'],
      /^cluster up s\.yaml: the scenario says it, found --brokers: leave it out\n.*found --network: .*\n.*found --nic: /,
    ],
    [
      'an option of another action',
      ['cluster', 'status', '--nic', '80Mbit'],
      /cluster status: unexpected option --nic/,
    ],
    [
      '--all with a name',
      ['cluster', 'down', '--all', '--name', 'x'],
      /expected --all or --name, found both/,
    ],
    [
      'tokens that nobody uses',
      ['cluster', 'up', '--token-lifetime', '30s'],
      /--token-lifetime: expected OAUTHBEARER/,
    ],
    [
      'a buffer without its NIC',
      ['cluster', 'up', '--nic-buffer', '64KiB'],
      /--nic-buffer: expected --nic too/,
    ],
    [
      'client machines on loopback',
      ['cluster', 'up', '--clients', '2'],
      /--clients: expected --network shaped/,
    ],
    ['a scenario that is not there', ['simulate', 'no/such.yaml'], /no\/such\.yaml/],
  ];
  for (const [name, args, expected] of cases) {
    test(name, async () => {
      const { code, stdout, stderr } = await brokertwin(...args);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /^ {4}at /m, 'no stack for a mistake of the user');
      assert.equal(stdout, '');
      assert.equal(code, 2);
    });
  }

  test('all unknown options are reported at once', async () => {
    const { stderr } = await brokertwin('simulate', 'a.yaml', '--one', '1', '--two', '2');
    assert.match(stderr, /--one/);
    assert.match(stderr, /--two/);
  });

  test('every mistake of a scenario is reported with its place', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'brokertwin-cli-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'wrong.yaml');
    writeFileSync(
      file,
      [
        'apiVersion: brokertwin/v2',
        'kind: Scenario',
        'name: wrong',
        'hosts: { all: { profile: local, count: 1 } }',
        'cluster: { kafka: 4.3.1, brokers: { host: all } }',
        'topics:',
        '  orders: { partions: 4 }',
        'producers:',
        '  web: { host: all, topics: orders, rate: 10 parsecs }',
        '',
      ].join('\n'),
    );
    const { code, stdout, stderr } = await brokertwin('simulate', file);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    for (const [line, word] of [
      [1, 'brokertwin/v2'],
      [7, 'did you mean "partitions"'],
      [9, 'parsecs'],
    ] as const) {
      assert.match(stderr, RegExp(`wrong\\.yaml:${line}:\\d+ .*${word}`));
    }
  });
});

describe('streams', () => {
  test('schema prints one JSON Schema', async () => {
    const { code, stdout, stderr } = await brokertwin('schema');
    assert.equal(code, 0);
    assert.equal(stderr, '');
    const schema: unknown = JSON.parse(stdout);
    assert.ok(typeof schema === 'object' && schema !== null && '$schema' in schema);
    const shipped: unknown = JSON.parse(readFileSync(join(packageRoot, 'schema/scenario.json'), 'utf8'));
    assert.deepEqual(shipped, schema, 'schema/scenario.json is what the command prints');
  });

  test('a reader that goes away is no error', async () => {
    const child = spawn(process.execPath, [commandFile, 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });
});
