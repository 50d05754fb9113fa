/**
 * A load agent (agent.ts) as the process that started it sees it. It is a session of its own, so that a Ctrl-C in the
 * terminal reaches only this process, which then ends the run in good order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT, UserError } from '../errors/errors.ts';
import { siblingModule } from '../package.ts';
import type { Clocked } from './clock-domain.ts';
import type { LoadPlace, LoadProcess, ThreadEvents } from './load-process.ts';
import type { FromAgent, ToAgent, ToWorker, WorkerPlan } from './messages.ts';

/** An agent ends at once when it is let go; one that does not is killed. */
const GRACE_MS = 2000;

export class AgentProcess implements LoadProcess {
  readonly #place: LoadPlace;
  readonly #onRunning: () => void;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  readonly #threads = new Map<string, ThreadEvents>();
  #pid: number | null = null;
  /** What was written to stderr before the agent ran: by the command, or by a Node that could not start it. */
  #complaint = '';

  /** Starts it; that it runs is told by `onRunning`, that it could not be started by its threads' events. */
  constructor(place: LoadPlace, onRunning: () => void) {
    this.#place = place;
    this.#onRunning = onRunning;
    const agent = fileURLToPath(siblingModule(import.meta.url, './agent'));
    const [command, ...args] = [...place.command, process.execPath, agent];
    this.#child = spawn(command, args, {
      // What it prints goes to stderr: stdout is for this program's own result.
      stdio: ['ignore', process.stderr.fd, 'pipe', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#onStderr(text));
    this.#child.on('message', (message) => this.#onMessage(message as FromAgent));
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve());
    });
    this.#child.on('error', (error) => this.#onEnd(error.message));
    this.#child.on('close', (code, signal) =>
      this.#onEnd(signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`),
    );
  }

  get pid(): number | null {
    return this.#pid;
  }

  start(plan: WorkerPlan, events: ThreadEvents): (message: Clocked<ToWorker>) => void {
    const thread = plan.name;
    this.#threads.set(thread, events);
    this.#send({ kind: 'start', plan });
    return (message) => this.#send({ kind: 'tell', thread, message });
  }

  async terminate(): Promise<void> {
    if (this.#child.connected) {
      this.#child.disconnect();
    }
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
    await this.#gone;
    clearTimeout(timer);
  }

  /** For the user: the agent did not run within this time. */
  late(deadlineMs: number): UserError {
    return this.#notStarted(`nothing of it within ${deadlineMs / 1000} s`);
  }

  #send(message: ToAgent): void {
    // Only an agent that is gone cannot be reached, and of that its end tells.
    this.#child.send(message, () => undefined);
  }

  #onMessage(message: FromAgent): void {
    switch (message.kind) {
      case 'running':
        this.#pid = message.pid;
        process.stderr.write(this.#complaint);
        this.#onRunning();
        break;
      case 'said':
        this.#threads.get(message.thread)?.message(message.message);
        break;
      case 'failed':
        this.#threads.get(message.thread)?.failed(message.error);
        break;
      case 'ended':
        this.#threads.get(message.thread)?.ended(message.reason);
        break;
    }
  }

  #onStderr(text: string): void {
    if (this.#pid === null) {
      this.#complaint += text;
    } else {
      process.stderr.write(text);
    }
  }

  #onEnd(found: string): void {
    const reason =
      this.#pid === null
        ? this.#notStarted(found)
        : new UserError(
            `${this.#where()}: expected the load agent (process ${this.#pid}) to run until the phase is over, found that ${found}; see whether the machine was short of memory, and run it again`,
            EXIT.clusterUnreachable,
          );
    for (const events of this.#threads.values()) {
      events.ended(reason);
    }
  }

  #notStarted(found: string): UserError {
    const complaint = this.#complaint.trim().replaceAll(/\s*\n\s*/g, ' | ');
    return new UserError(
      `${this.#where()}: expected "${[...this.#place.command, 'node'].join(' ')}" to start a load agent, found ${found}${complaint === '' ? '' : ` (${complaint})`}; run that command by hand`,
      EXIT.clusterUnreachable,
    );
  }

  #where(): string {
    return `machine ${this.#place.machine + 1} of host ${this.#place.host}`;
  }
}
