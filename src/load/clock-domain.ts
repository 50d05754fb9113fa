/**
 * Whose clock the times of a message are of. All threads and processes of one machine have one clock since it was started;
 * workers on another machine would have to convert, and until they can, they refuse rather than take its times for theirs.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** A message with the clock that its times are of. */
export type Clocked<Message> = Message & { readonly clock: string };

/** The clock of this machine since it was started. */
export const clockDomain = `monotonic of ${bootId()}`;

/** Says whose clock the message is of: this machine's. */
export function clocked<Message extends object>(message: Message): Clocked<Message> {
  return { ...message, clock: clockDomain };
}

/** @throws Error when the message is of another clock than this machine's */
export function ofThisClock<Message>(message: Clocked<Message>): Message {
  if (message.clock !== clockDomain) {
    throw new Error(
      `a message between load workers has times of the clock "${message.clock}", expected "${clockDomain}"; run all of them on one machine`,
    );
  }
  return message;
}

function bootId(): string {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim();
  } catch {
    // No Linux: the name of the machine has to do.
    return hostname();
  }
}
