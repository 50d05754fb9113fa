/** Why a broker did not start, read from what it left in its logs. */

export interface StartFailure {
  readonly kind: 'port' | 'disk' | 'memory' | 'config' | 'other';
  /** What was found and what to do, without the broker's name. */
  readonly message: string;
}

const LINES_KEPT = 3;
const LINE_LENGTH_MAX = 300;
const JAVA_PACKAGE = /\b([a-z]\w*\.)+(?=[A-Z])/g;

/** Kafka takes half a minute to end after a fatal error; an agent that cannot start does not end it at all. */
const DOOMED =
  /Fatal error during \S+ startup|Exiting Kafka due to fatal exception|Could not start Jolokia agent/;

/** Whether the text of a broker's logs says already that its start has failed, though its process still runs. */
export function hasFailedToStart(log: string): boolean {
  return DOOMED.test(log);
}

/** Whether the text of a node's logs says that it is up. */
export function hasStarted(log: string): boolean {
  return log.includes('Kafka Server started');
}

/** Explains a failed start from the text of the broker's logs, its console first. */
export function explainStartFailure(log: string): StartFailure {
  const lines = log.split('\n').map((line) => line.trim());
  const taken = lines.find((line) => /Address already in use|Failed to bind/i.test(line));
  if (taken !== undefined) {
    return { kind: 'port', message: `a port it needs is taken by another process (${shorten(taken)})` };
  }
  if (lines.some((line) => /No space left on device|Disk quota exceeded/i.test(line))) {
    return { kind: 'disk', message: 'the disk is full: free some space, or choose another directory' };
  }
  const memory = lines.find((line) =>
    /OutOfMemoryError|Could not reserve enough space|insufficient memory|Cannot allocate memory/i.test(line),
  );
  if (memory !== undefined) {
    return { kind: 'memory', message: `memory ran out (${shorten(memory)}): free some, or change its heap` };
  }
  const config = lines.find((line) => /ConfigException|requirement failed/.test(line));
  if (config !== undefined) {
    return { kind: 'config', message: `Kafka refuses its configuration: ${shorten(config)}` };
  }
  const last = meaningfulLines(lines);
  return { kind: 'other', message: last.length === 0 ? 'it wrote nothing' : `its last words: ${last}` };
}

/** Errors if there are any, else simply the end; frames of stack traces say nothing to a user. */
function meaningfulLines(lines: readonly string[]): string {
  const words = lines.filter((line) => line !== '' && !/^(at |\.\.\. \d+ more)/.test(line));
  const errors = words.filter((line) => /\b(ERROR|FATAL)\b|Exception|^Error/.test(line));
  return (errors.length > 0 ? errors : words).slice(-LINES_KEPT).map(shorten).join(' | ');
}

function shorten(line: string): string {
  const bare = line
    .replace(/^\[[\d\-: ,.]+\] \w+ /, '')
    .replace(/^Exception in thread "[^"]*" /, '')
    .replace(JAVA_PACKAGE, '');
  return bare.length > LINE_LENGTH_MAX ? `${bare.slice(0, LINE_LENGTH_MAX)}...` : bare;
}
