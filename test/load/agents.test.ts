import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EXIT, UserError } from '../../src/errors/errors.ts';
import { type RunPhaseOptions, runPhase } from '../../src/load/run-phase.ts';
import { waitUntilGone } from '../../src/local/system/process-identity.ts';
import {
  eventually,
  muteBroker,
  notedPlaces,
  notedProcesses,
  noteFile,
  twoMachines,
} from './agents-support.ts';
import { examplePhase } from './example-scenario.ts';

const AGENTS = 2;
const CLIENTS = 4;
/** Nothing listens on the discard port. */
const NOBODY = '127.0.0.1:9';

function play(options: Partial<RunPhaseOptions>) {
  return runPhase({ scenario: twoMachines(), phase: examplePhase(), bootstrapServers: NOBODY, ...options });
}

function placesWith(command: readonly string[]) {
  return [{ host: 'clients', machine: 1, command }];
}

const oneLine = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.exitCode, EXIT.clusterUnreachable);
  assert.equal(error.lines.length, 1);
  assert.match(error.lines[0], pattern);
  return true;
};

/** A phase whose clients are all under way to a broker that never answers. */
async function hangingPhase(t: TestContext, options: Partial<RunPhaseOptions> = {}) {
  const broker = await muteBroker(t);
  const file = noteFile(t);
  const phase = play({ bootstrapServers: broker.address, places: notedPlaces(file), ...options });
  // It is looked at later; until then a rejection is not unhandled.
  phase.catch(() => undefined);
  await eventually(() => broker.connections() >= CLIENTS, 'all clients to connect');
  const agents = notedProcesses(file);
  assert.equal(agents.length, AGENTS);
  return { phase, agents };
}

test('a cluster that is not there is the same one line as without agents', async () => {
  const places = placesWith(['env']);
  await assert.rejects(play({ places }), oneLine(/^cannot reach a Kafka broker at 127\.0\.0\.1:9: /));
});

test('a command that is not there is one line with the machine and the command', async () => {
  await assert.rejects(
    play({ places: placesWith(['no-such-command', '--there']) }),
    oneLine(
      /^machine 2 of host clients: expected "no-such-command --there node" to start a load agent, found .*ENOENT/,
    ),
  );
});

test('a command that fails is one line with what it said', async () => {
  await assert.rejects(
    play({ places: placesWith(['sh', '-c', 'echo no such >&2; echo network >&2; exit 7']) }),
    oneLine(/found it ended with exit code 7 \(no such \| network\); run that command by hand$/),
  );
});

test('an agent that is killed ends the run with one line, and the other agent with it', async (t) => {
  const { phase, agents } = await hangingPhase(t);
  process.kill(agents[0].pid, 'SIGKILL');
  await assert.rejects(
    phase,
    oneLine(
      new RegExp(
        `^machine [12] of host clients: expected the load agent \\(process ${agents[0].pid}\\) to run until the phase is over, found that it was ended by SIGKILL; `,
      ),
    ),
  );
  assert.ok(await waitUntilGone(agents, 0));
});

test('a phase that is ended early leaves no agent, also not one that stands still', async (t) => {
  const abort = new AbortController();
  const { phase, agents } = await hangingPhase(t, { signal: abort.signal });
  process.kill(agents[1].pid, 'SIGSTOP');
  abort.abort();
  assert.ok((await phase).interrupted);
  assert.ok(await waitUntilGone(agents, 0));
});

test('agents are out of reach of a Ctrl-C in the terminal, which their parent answers', async (t) => {
  const abort = new AbortController();
  const { phase, agents } = await hangingPhase(t, { signal: abort.signal });
  for (const { pid } of agents) {
    // The fields after the name: state, parent, process group, session.
    const [, , group, session] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    assert.deepEqual([group, session], [`${pid}`, `${pid}`]);
  }
  abort.abort();
  await phase;
});

test('agents end at once when their parent is killed', async (t) => {
  const broker = await muteBroker(t);
  const file = noteFile(t);
  const program = join(import.meta.dirname, 'phase-program.ts');
  const parent = spawn(process.execPath, [program, broker.address, file], { stdio: 'ignore' });
  await eventually(() => broker.connections() >= CLIENTS, 'all clients to connect');
  const agents = notedProcesses(file);
  assert.equal(agents.length, AGENTS);
  parent.kill('SIGKILL');
  assert.ok(await waitUntilGone(agents, 2000));
});

for (const { does, code, expected } of [
  { does: 'throws before it can tell', code: 'throw 42', expected: /^load worker bt-[a-z]+-\d failed$/ },
  {
    does: 'ends by itself',
    code: 'process.exit(5)',
    expected: /^load worker bt-[a-z]+-\d ended with exit code 5 before it gave a result$/,
  },
]) {
  test(`a thread in an agent that ${does} ends the run as one in this process does`, async () => {
    const module = `import { isMainThread } from 'node:worker_threads'; if (!isMainThread) ${code};`;
    const options = `NODE_OPTIONS=--import=data:text/javascript,${encodeURIComponent(module)}`;
    await assert.rejects(
      play({ places: [0, 1].map((machine) => ({ host: 'clients', machine, command: ['env', options] })) }),
      {
        message: expected,
      },
    );
  });
}
