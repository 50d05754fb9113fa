import { EXIT, type ExitCode, UserError } from '../errors/errors.ts';

/** What to print on stderr for an error and how to exit: a stack only for mistakes of ours. */
export function explain(
  error: unknown,
  signal: AbortSignal,
): { exitCode: ExitCode; lines: readonly string[] } {
  if (signal.aborted)
    return { exitCode: EXIT.interrupted, lines: ['brokertwin: interrupted', ...cause(error, signal)] };
  if (error instanceof UserError) return { exitCode: error.exitCode, lines: error.lines };
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && error.stack !== undefined ? [error.stack] : [];
  return {
    exitCode: EXIT.ourFault,
    lines: [`brokertwin: ${firstLine(message)}; this is a fault of brokertwin`, ...stack],
  };
}

/** What went wrong besides the interrupt itself. */
function cause(error: unknown, signal: AbortSignal): readonly string[] {
  if (error === signal.reason || (error instanceof Error && error.name === 'AbortError')) return [];
  return error instanceof UserError
    ? error.lines
    : [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
