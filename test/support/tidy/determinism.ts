import { type Finding, findAll, type Rule, type SourceFile } from './source.ts';

const ROOMS = /^src\/(?:kernel|hardware|kafka|fleet|operations|invariants)\//;
const MATH_FILE = 'src/kernel/math.ts';
/** These start and watch workers and let Ctrl-C through; what the workers compute stays under the law. */
const PARALLEL_RUNNER = ['run-shards', 'crew', 'worker', 'load-modules'].map(
  (name) => `src/kernel/parallel/${name}.ts`,
);
const MATH_EXACT =
  'abs|ceil|floor|round|trunc|sign|min|max|imul|clz32|fround|PI|E|LN2|LN10|LOG2E|LOG10E|SQRT2|SQRT1_2';

interface Ban {
  readonly pattern: RegExp;
  readonly message: string;
  readonly allowedIn?: (path: string) => boolean;
}

const inParallel = (path: string): boolean => PARALLEL_RUNNER.includes(path);
const inMath = (path: string): boolean => path === MATH_FILE;

const BANS: readonly Ban[] = [
  {
    pattern: /(?<![.\w$])Date\b/g,
    message: 'no wall clock in the simulator: simulated time only',
  },
  {
    pattern: /(?<![.\w$])performance\b/g,
    message: 'no wall clock in the simulator: simulated time only',
    allowedIn: inParallel,
  },
  { pattern: /\bMath\.random\b/g, message: 'no Math.random: draw from a named stream' },
  {
    pattern: /(?<![.\w$])(?:set|clear)(?:Timeout|Interval|Immediate)\b|(?<![.\w$])queueMicrotask\b/g,
    message: 'no timers: schedule an event',
    allowedIn: inParallel,
  },
  {
    pattern: /\b(?:async|await|Promise)\b/g,
    message: 'nothing asynchronous in the simulator',
    allowedIn: inParallel,
  },
  {
    pattern: /\bIntl\b|\.(?:toLocale\w+|localeCompare)\b/g,
    message: 'no locale: results would differ by machine',
  },
  { pattern: /\b(?:WeakRef|FinalizationRegistry)\b/g, message: 'nothing that garbage collection can change' },
  {
    pattern: /\*\*|\bMath\.pow\b/g,
    message: 'no power: results differ between V8 versions, multiply instead',
  },
  {
    pattern: RegExp(`\\bMath\\.(?!(?:${MATH_EXACT}|random|pow)\\b)\\w+`, 'g'),
    message: `inexact mathematics only through ${MATH_FILE}`,
    allowedIn: inMath,
  },
  { pattern: /\bfor\s*\(\s*(?:const|let|var)\s+[\w$]+\s+in\b/g, message: 'no for...in: use arrays or Map' },
  { pattern: /(?<![.\w$])console\s*\./g, message: 'no console in the simulator' },
  { pattern: /(?<![.\w$])process\s*\./g, message: 'no process in the simulator: pass it in as data' },
];

/** The simulator gives the same result on every machine and run: nothing in it may read the outside world. */
export const determinism: Rule = (files) =>
  files.filter((file) => ROOMS.test(file.path)).flatMap((file) => [...bans(file), ...nodeImports(file)]);

function bans(file: SourceFile): Finding[] {
  return BANS.filter(({ allowedIn }) => allowedIn?.(file.path) !== true).flatMap(({ pattern, message }) =>
    findAll(file.path, file.code, pattern, message),
  );
}

function nodeImports(file: SourceFile): Finding[] {
  if (inParallel(file.path)) return [];
  return file.imports
    .filter(({ specifier }) => specifier.startsWith('node:'))
    .map(({ specifier, line }) => ({
      path: file.path,
      line,
      message: `no ${specifier} in the simulator: it reads nothing outside`,
    }));
}
