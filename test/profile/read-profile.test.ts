import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { UserError } from '../../src/errors/errors.ts';
import { missingCosts } from '../../src/kafka/costs.ts';
import { packageRoot } from '../../src/package.ts';
import type { Profile } from '../../src/profile/profile.ts';
import {
  localProfileFile,
  profileHash,
  readProfile,
  writeLocalProfile,
  writeProfile,
} from '../../src/profile/read-profile.ts';
import { profileWith } from '../kafka/support.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'brokertwin-profile-'));
after(() => rmSync(directory, { recursive: true }));

/** The problems of a profile file with this content, with `p.json` for its path. */
function problemsOf(content: unknown): string[] {
  const file = path.join(directory, 'p.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  try {
    readProfile(file);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.equal(error.exitCode, 2);
    return error.lines.map((line) => line.replaceAll(file, 'p.json'));
  }
}

function messageOf(name: string): string {
  try {
    readProfile(name);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error(`there is a profile ${name}`);
}

describe('a profile', () => {
  test('of the catalogue is found by name, and every one of them can be simulated with', () => {
    const names = readdirSync(path.join(packageRoot, 'profiles'))
      .filter((file) => file.endsWith('.json'))
      .map((file) => path.basename(file, '.json'));
    assert.ok(names.includes('reference-2core'));
    for (const name of names) {
      const profile = readProfile(name);
      assert.equal(profile.name, name);
      assert.equal(profile.kind, 'catalogue');
      assert.deepEqual(missingCosts(profile), []);
    }
  });

  test('is found by file', () => {
    const file = path.join(directory, 'round.json');
    writeProfile(file, profileWith());
    assert.deepEqual(readProfile(file), profileWith());
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.includes('tmp')),
      [],
    );
  });

  test('with an unknown name gets the nearest one as a hint, if there is a near one', () => {
    assert.match(
      messageOf('reference-2cores'),
      /no profile is called "reference-2cores", did you mean "reference-2core"\?/,
    );
    assert.match(messageOf('locl'), /did you mean "local"\?/);
    const strange = messageOf('i3en.24xlarge');
    assert.doesNotMatch(strange, /did you mean/);
    assert.match(strange, /expected "local", a file ending in \.json, or one of: .*reference-2core/);
  });

  test('in a file that is not there, or not JSON, is one problem', () => {
    assert.match(
      messageOf(path.join(directory, 'none.json')),
      /none\.json: expected a profile in JSON.*ENOENT/,
    );
    const problems = problemsOf('{ "format": ');
    assert.equal(problems.length, 1);
    assert.match(problems[0], /^p\.json: expected a profile in JSON, found none that can be read: /);
  });

  test('that is wrong in several places gets a line for each, with the place', () => {
    const profile = profileWith();
    const problems = problemsOf({
      ...profile,
      format: 'brokertwin.profile/2',
      hardware: { ...profile.hardware, cores: 0 },
      costs: {
        ...profile.costs,
        'link.latencyNs': { value: -1, source: 'made up', standardError: null },
        'broker.gcPerByteNs': { value: 'much', source: 'made up', standardError: null },
      },
    });
    assert.deepEqual(
      problems.map((line) => line.split(': ', 2)),
      [
        ['p.json', 'format'],
        ['p.json', 'hardware.cores'],
        ['p.json', 'costs.link.latencyNs.value'],
        ['p.json', 'costs.broker.gcPerByteNs.value'],
      ],
    );
    assert.match(problems[3], /expected number, received string/);
  });

  test('with names that a profile does not have gets a line for each, with the nearest that it has', () => {
    const profile = profileWith();
    const cost = { value: 1, source: 'made up', standardError: null };
    const problems = problemsOf({
      ...profile,
      hardwear: {},
      notes: '',
      hardware: { ...profile.hardware, core: 2 },
      costs: { ...profile.costs, 'link.latencyMs': cost, 'broker.gcPerBytesNs': cost },
    });
    assert.equal(problems.length, 5, problems.join('\n'));
    const all = problems.toSorted().join('\n');
    assert.match(all, /p\.json: "hardwear" .*did you mean "hardware"\?/);
    assert.match(all, /p\.json: "notes" /);
    assert.match(all, /p\.json: hardware: "core" .*did you mean "cores"\?/);
    assert.match(all, /p\.json: costs: "link\.latencyMs" .*did you mean "link\.latencyNs"\?/);
    assert.match(all, /p\.json: costs: "broker\.gcPerBytesNs" .*did you mean "broker\.gcPerByteNs"\?/);
  });

  test('that is not an object at all is one problem', () => {
    for (const content of [[], 3, null]) assert.equal(problemsOf(content).length, 1);
  });
});

describe("this machine's profile", () => {
  const before = process.env.XDG_DATA_HOME;
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_DATA_HOME;
    else process.env.XDG_DATA_HOME = before;
  });

  test('is the one that was kept, and the reference until there is one', () => {
    process.env.XDG_DATA_HOME = path.join(directory, 'data');
    assert.equal(readProfile('local').name, 'reference-2core');
    const measured: Profile = { ...profileWith(), name: 'local', kind: 'measured' };
    const file = writeLocalProfile(measured);
    assert.equal(file, localProfileFile());
    assert.ok(file.startsWith(directory));
    assert.deepEqual(readProfile('local'), measured);
  });
});

describe('the hash of a profile', () => {
  const hash = profileHash(profileWith());
  const changed = (change: (profile: Profile) => Partial<Profile>): string => {
    const profile = profileWith();
    return profileHash({ ...profile, ...change(profile) });
  };

  test('is of what the simulator reads: hardware and the values of the costs', () => {
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.notEqual(profileHash(profileWith({ 'link.latencyNs': 1 })), hash);
    assert.notEqual(
      changed(({ hardware }) => ({ hardware: { ...hardware, cores: 3 } })),
      hash,
    );
    assert.notEqual(
      changed(({ costs: { 'link.latencyNs': _, ...costs } }) => ({ costs })),
      hash,
    );
  });

  test('does not change with where the costs came from, their order, or the name', () => {
    const resourced = ({ costs }: Profile) =>
      Object.fromEntries(
        Object.entries(costs)
          .reverse()
          .map(([name, cost]) => [name, { ...cost, source: 'measured', standardError: 3 }]),
      );
    assert.equal(
      changed((profile) => ({ costs: resourced(profile) })),
      hash,
    );
    assert.equal(
      changed(({ provenance }) => ({ name: 'other', provenance: { ...provenance, note: 'other' } })),
      hash,
    );
    assert.equal(
      changed(({ hardware }) => ({
        hardware: Object.fromEntries(Object.entries(hardware).reverse()) as typeof hardware,
      })),
      hash,
    );
  });
});
