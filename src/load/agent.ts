/**
 * A process of the load generator on another machine: it holds worker threads for the process that started it, and hands
 * on what the two say to each other. It has no life of its own: it ends as soon as that process is gone or lets go of it.
 */
import type { Clocked } from './clock-domain.ts';
import { ThisProcess } from './load-process.ts';
import type { FromAgent, ToAgent, ToWorker } from './messages.ts';

const threads = new ThisProcess();
const posts = new Map<string, (message: Clocked<ToWorker>) => void>();

function tell(message: FromAgent): void {
  if (process.send === undefined) {
    throw new Error('a load agent is started by the load generator, over a channel to it');
  }
  process.send(message, undefined, undefined, (error) => {
    if (error !== null) {
      process.exit();
    }
  });
}

function onMessage(message: ToAgent): void {
  if (message.kind === 'tell') {
    posts.get(message.thread)?.(message.message);
    return;
  }
  const { plan } = message;
  const thread = plan.name;
  const post = threads.start(plan, {
    message: (said) => tell({ kind: 'said', thread, message: said }),
    failed: (error) => tell({ kind: 'failed', thread, error }),
    ended: (reason) => tell({ kind: 'ended', thread, reason }),
  });
  posts.set(thread, post);
}

process.on('message', (message) => onMessage(message as ToAgent));
process.on('disconnect', () => process.exit());
tell({ kind: 'running', pid: process.pid });
