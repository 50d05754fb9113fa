// Plain JavaScript for Node 20 and newer, without packages: installs what is missing, then hands over to the packaged Node.
//
//   node scripts/run.mjs install               only installs
//   node scripts/run.mjs demo [options]        brokertwin demo
//   node scripts/run.mjs bench kernel|model    a benchmark; options go to it
//   node scripts/run.mjs test [part] [options] all tests, or those whose path contains part; options go to node --test
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packagedNode, runToEnd } from '../bin/packaged-node.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const STILL_INSTALLING_EVERY_MS = 10_000;
const TEST_TIMEOUT_MS = 120_000;
const REAL_TEST_TIMEOUT_MS = 480_000;
const STDERR = 2;
const commands = { install: () => 0, demo, test, bench };

const [name, ...args] = process.argv.slice(2);
process.exitCode = await main();

async function main() {
  if (!Object.hasOwn(commands, name ?? '')) {
    console.error(
      `scripts/run.mjs: expected one of ${Object.keys(commands).join(', ')}, found ${name ?? 'nothing'}`,
    );
    return 2;
  }
  try {
    const installed = isInstalled() ? 0 : await install();
    return installed === 0 ? await commands[name](packagedNode(import.meta.url)) : installed;
  } catch (error) {
    console.error(`brokertwin: ${error.message}`);
    return 1;
  }
}

function demo(node) {
  return runToEnd(node, [join(root, 'bin', 'brokertwin.mjs'), 'demo', ...args]);
}

/** The benchmark of a room, such as `bench kernel`. */
function bench(node) {
  const [room, ...options] = args;
  return runToEnd(node, [join(root, 'bench', room, `bench-${room}.ts`), ...options]);
}

/** Quick tests side by side; then those with a real broker, browser or installation one after the other. */
async function test(node) {
  const options = args.filter((arg) => arg.startsWith('-'));
  const parts = args.filter((arg) => !arg.startsWith('-'));
  const files = readdirSync(join(root, 'test'), { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .filter((file) => parts.every((part) => file.includes(part)))
    .sort();
  const isReal = (file) => file.endsWith('.real.test.ts');
  const rounds = [
    {
      files: files.filter((file) => !isReal(file)),
      concurrency: availableParallelism(),
      timeoutMs: TEST_TIMEOUT_MS,
    },
    { files: files.filter(isReal), concurrency: 1, timeoutMs: REAL_TEST_TIMEOUT_MS },
  ].filter((round) => round.files.length > 0);
  if (rounds.length === 0) {
    console.error(`scripts/run.mjs test: no test file's path contains ${parts.join(' and ')}`);
    return 2;
  }
  let exitCode = 0;
  for (const { files, concurrency, timeoutMs } of rounds) {
    const limits = [`--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`];
    const code = await runToEnd(node, ['--test', ...limits, ...options, ...files], { cwd: root });
    if (code > 128) return code;
    exitCode ||= code;
  }
  return exitCode;
}

/** Whether node_modules holds what package-lock.json asks for; packages for other systems may be absent. */
function isInstalled() {
  const installedLock = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const installed = packagesOf(installedLock);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, locked]) => path === '' || locked.optional || installed[path]?.integrity === locked.integrity,
  );
}

function packagesOf(lockPath) {
  return JSON.parse(readFileSync(lockPath, 'utf8')).packages;
}

/** Runs `npm ci`, which deletes node_modules: so with a PATH that does not lead into it. Its output goes to stderr. */
async function install() {
  const startedMs = Date.now();
  console.error('brokertwin: installing packages and Node 24 into node_modules (once, about a minute)');
  console.error(
    "brokertwin: npm's EBADENGINE warnings mean the Node that npm runs on; brokertwin runs on the installed one",
  );
  const still = setInterval(() => {
    console.error(`brokertwin: still installing, ${Math.round((Date.now() - startedMs) / 1000)} s`);
  }, STILL_INSTALLING_EVERY_MS);
  const path = process.env.PATH.split(delimiter).filter(
    (entry) => !entry.startsWith(join(root, 'node_modules') + sep),
  );
  const code = await runToEnd('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    shell: process.platform === 'win32',
    stdio: ['ignore', STDERR, STDERR],
  }).finally(() => clearInterval(still));
  if (code !== 0) console.error(`brokertwin: npm ci failed with exit code ${code}; its own message is above`);
  return code;
}
