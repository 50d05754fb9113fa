import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { commandFile, type Finished, runProgram } from '../support/run-program.ts';

/** Runs the command where there is no program but node. */
function doctorWithoutPrograms(
  t: TestContext,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  const folder = mkdtempSync(join(tmpdir(), 'brokertwin-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'programs'));
  symlinkSync(process.execPath, join(folder, 'programs', 'node'));
  return runProgram(process.execPath, [commandFile, 'doctor', ...args], {
    env: { PATH: join(folder, 'programs'), HOME: folder, BROKERTWIN_STATE: join(folder, 'state'), ...env },
  });
}

test('without Java the doctor names it, says what to do, and exits 3', async (t) => {
  const { code, stdout, stderr } = await doctorWithoutPrograms(t);
  assert.equal(code, 3);
  assert.equal(stderr, '');
  assert.match(
    stdout,
    /^✗ Java +none on the PATH\n +needed for any cluster on this machine: install it \(Debian: /m,
  );
  assert.match(stdout, /^✗ iproute2 +.*\n +needed for shaped clusters: /m);
  assert.match(stdout, /^– tc tbf +not tried without (root|iproute2); needed for/m);
  assert.match(stdout, /\ncan be done here: nothing yet; not: loopback clusters, [^\n]*\n$/);
});

test('the same for a program is one JSON object', async (t) => {
  const { code, stdout } = await doctorWithoutPrograms(t, ['--json']);
  assert.equal(code, 3);
  const { capabilities, can, cannot } = JSON.parse(stdout);
  assert.deepEqual(can, []);
  assert.ok(cannot.includes('loopback clusters'));
  assert.deepEqual(
    capabilities.find(({ name }: { name: string }) => name === 'Java'),
    {
      name: 'Java',
      ok: false,
      found: 'none on the PATH',
      neededFor: 'any cluster on this machine',
      remedy: 'install it (Debian: apt install openjdk-17-jre-headless) or set JAVA_HOME',
      waitsFor: null,
    },
  );
});

test('colours come only where they are wanted', async (t) => {
  const coloured = (text: string): boolean => stripVTControlCharacters(text) !== text;
  assert.ok(coloured((await doctorWithoutPrograms(t, [], { FORCE_COLOR: '1' })).stdout));
  assert.ok(!coloured((await doctorWithoutPrograms(t, [], { NO_COLOR: '1' })).stdout));
});
