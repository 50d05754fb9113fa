import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packageRoot, version } from '../src/package.ts';
import { olderNode, runProgram } from './support/run-program.ts';

const INSTALL_TIMEOUT_MS = 300_000;

describe('the package that npm pack makes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'brokertwin-pack-'));
  const installed = join(folder, 'node_modules', 'brokertwin');

  before(async () => {
    await npm(packageRoot, 'pack', '--pack-destination', folder);
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'elsewhere', private: true, allowScripts: { node: true } }),
    );
    const [tarball = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
    await npm(folder, 'install', '--no-audit', '--no-fund', `./${tarball}`);
  });
  after(() => rmSync(folder, { recursive: true }));

  test('leaves no build behind in the clone', () => {
    assert.equal(existsSync(join(packageRoot, 'dist')), false);
  });

  test('holds the built command and its data, neither sources nor tests', () => {
    const expected = [
      'README.md',
      'bin',
      'dist',
      'native',
      'package.json',
      'profiles',
      'scenarios',
      'schema',
    ];
    const found = readdirSync(installed).filter((name) => name !== 'node_modules' && name !== 'LICENSE');
    assert.deepEqual(found.sort(), expected);
    assert.equal(existsSync(join(installed, 'dist/cli/main.js')), true);
  });

  test('is in order by publint', async () => {
    const { messages } = await publint({ pkgDir: installed, pack: false, strict: true });
    const manifest = { name: 'brokertwin', version };
    assert.deepEqual(
      messages.map((message) => formatMessage(message, manifest)),
      [],
    );
  });

  test('runs elsewhere through npx', async () => {
    const { code, stdout } = await runProgram('npx', ['brokertwin', '--version'], {
      cwd: folder,
      env: ownPath(),
    });
    assert.equal(stdout, `${version}\n`);
    assert.equal(code, 0);
  });

  test('finds its schema and scenarios and simulates one', async () => {
    const command = join(installed, 'bin/brokertwin.mjs');
    const cwd = join(folder, 'empty');
    mkdirSync(cwd);
    const node = olderNode() ?? process.execPath;
    const schema = await runProgram(node, [command, 'schema'], { cwd });
    assert.equal(schema.code, 0, schema.stderr);
    assert.ok(JSON.parse(schema.stdout));
    const scenario = join(installed, 'scenarios/two-clusters.yaml');
    const simulated = await runProgram(
      node,
      [command, 'simulate', scenario, '--workers', '2', '--json', '--no-report'],
      {
        cwd,
      },
    );
    assert.ok([0, 99].includes(simulated.code ?? 1), simulated.stderr);
    assert.match(simulated.stdout, /"traceHash": "[0-9a-f]+/);
  });
});

/** The PATH of a shell elsewhere: without this clone's node_modules, which npm puts first. */
function ownPath(): NodeJS.ProcessEnv {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return { ...process.env, PATH: folders.join(':') };
}

async function npm(cwd: string, ...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runProgram('npm', args, {
    cwd,
    env: ownPath(),
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  assert.equal(code, 0, `npm ${args.join(' ')} failed:\n${stderr}${stdout}`);
}
