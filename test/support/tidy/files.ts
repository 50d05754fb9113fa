import { type Finding, findAll, lineAt, type Rule, resolveImport, type SourceFile } from './source.ts';

const LINES_MAX = 500;
const ENTRY = 'src/cli/main.ts';
const COMMAND_LIST = 'src/cli/run.ts';
const SCHEMA_LINE = /^# yaml-language-server: \$schema=\.\.\/schema\/scenario\.json\n/;
/** A module named in a string: './worker.ts', or without its ending where that depends on the build. */
const QUOTED_MODULE = /['"`](\.{1,2}\/)?([\w/-]+)(?:\.[jt]s)?['"`]/g;
const STARTS_MODULES = /\bnew (?:Worker|URL)\(|\bsiblingModule\(/;

export const fileLength: Rule = (files) =>
  files.flatMap(({ path, text }): Finding[] => {
    const lines = text.split('\n').length - 1;
    return lines <= LINES_MAX
      ? []
      : [{ path, line: LINES_MAX + 1, message: `${lines} lines, at most ${LINES_MAX}: split it` }];
  });

/** Every file of src/ is reached from the command line or a benchmark; what only tests use is dead. */
export const deadFiles: Rule = (files) => {
  const byPath = new Map(
    files.filter(({ path }) => /^(?:src|bench)\//.test(path)).map((file) => [file.path, file]),
  );
  const reached = new Set<string>();
  const pending = [ENTRY, ...[...byPath.keys()].filter((path) => path.startsWith('bench/'))];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const file = byPath.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    pending.push(...modulesOf(file));
  }
  return [...byPath.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => ({ path, line: 1, message: `dead: not reached from ${ENTRY}, nor from bench/` }));
};

function modulesOf(file: SourceFile): string[] {
  const imported = file.imports
    .map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith('.'));
  const started = STARTS_MODULES.test(file.code)
    ? [...file.text.matchAll(QUOTED_MODULE)].map(([, folder, name]) => `${folder ?? './'}${name}.ts`)
    : [];
  return [...imported, ...started].map((specifier) => resolveImport(file.path, specifier));
}

/** An address that always ends in .ts is not rewritten when dist/ is built. */
export const startedModules: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith('src/'))
    .flatMap(({ path, text }) =>
      findAll(
        path,
        text,
        /\bnew URL\(\s*['"`][^'"`]*\.ts['"`]/g,
        'not found in the built package: use siblingModule of src/package.ts',
      ),
    );

/** Each command's file is in the list of commands. */
export const registeredCommands: Rule = (files) => {
  const list = files.find(({ path }) => path === COMMAND_LIST);
  const registered = list === undefined ? [] : modulesOf(list);
  return files
    .filter(({ path }) => path.startsWith('src/cli/commands/') && !registered.includes(path))
    .map(({ path }) => ({ path, line: 1, message: `not registered in ${COMMAND_LIST}` }));
};

/** Nothing of the machine where it was written stays in the repository. */
export const machineTraces: Rule = (files) =>
  files.flatMap(({ path, text }) => [
    ...findAll(path, text, /(?<![\w.~*>)\]-])\/(?:home|work|root)\b(?!-)/g, "a path of somebody's machine"),
    ...findAll(
      path,
      text,
      /\bregistry\.(?:npmjs|yarnpkg)\.|\brepo1?\.maven\.|\bmaven\.org\b/g,
      'a host name of a registry: leave it to npm and Maven',
    ),
  ]);

/** Ready scenarios name the schema, for editors, and the question that they answer. */
export const scenarioHeads: Rule = (files) =>
  files
    .filter(({ path }) => /^scenarios\/[^/]+\.ya?ml$/.test(path))
    .flatMap(({ path, text }): Finding[] => [
      ...(SCHEMA_LINE.test(text)
        ? []
        : [{ path, line: 1, message: 'expected # yaml-language-server: $schema=../schema/scenario.json' }]),
      ...(/^question: \S/m.test(text)
        ? []
        : [{ path, line: 1, message: 'expected a question: that it answers' }]),
    ]);

/** A lock that describes every package it names; `npm ci` refuses any other. */
export const completeLock: Rule = (files) =>
  files
    .filter(({ path }) => path === 'package-lock.json')
    .flatMap(({ path, text }) => {
      const { packages } = JSON.parse(text) as LockFile;
      const named = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
      return [...new Set(named)]
        .filter((name) => !Object.keys(packages).some((place) => place.endsWith(`node_modules/${name}`)))
        .map((name) => ({
          path,
          line: lineAt(text, text.indexOf(`"${name}"`)),
          message: `${name} is named but not described, npm ci will refuse it: node scripts/complete-lock.mjs`,
        }));
    });

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}
