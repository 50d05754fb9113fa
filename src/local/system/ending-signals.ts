/**
 * Signals that end a program which does not heed them, and upon which there is time to clean up. SIGKILL gives none; those of a
 * crash (SIGSEGV, SIGABRT, ...) are of no use to a program that is broken; SIGPIPE and SIGUSR1 are Node's own.
 */
export const ENDING_SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGALRM',
  'SIGXCPU',
  'SIGUSR2',
] as const;
