import { type Finding, type Rule, resolveImport } from './source.ts';

const PLAIN = ['scenario', 'profile', 'operations', 'result'];
const SIMULATOR = ['fleet', 'kafka', 'hardware', 'kernel'];
const ARMS = [
  'arms',
  ...SIMULATOR,
  'trace',
  'load',
  'local',
  'java-clients',
  'invariants',
  'report',
  'errors',
  ...PLAIN,
];

/** What each room of src/ may read besides itself and src/package.ts (docs/ARCHITECTURE.md draws it). */
const MAY_READ: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  hardware: ['kernel', ...PLAIN],
  kafka: ['hardware', 'kernel', ...PLAIN],
  fleet: ['kafka', 'hardware', 'kernel', 'errors', ...PLAIN],
  trace: ['kernel', 'errors'],
  load: ['errors', ...PLAIN],
  local: ['errors', ...PLAIN],
  'java-clients': ['load', 'local', 'errors', ...PLAIN],
  scenario: ['errors', ...PLAIN],
  profile: ['errors', ...PLAIN],
  operations: ['errors', ...PLAIN],
  result: ['errors', ...PLAIN],
  invariants: ['result'],
  report: ['errors', 'result', 'scenario', 'profile'],
  errors: [],
  arms: [...SIMULATOR, 'trace', 'load', 'local', 'java-clients', 'errors', ...PLAIN],
  jobs: ARMS,
  cli: ['jobs', ...ARMS],
};

/** Rooms read only the rooms below them. */
export const roomDirections: Rule = (files) =>
  files.flatMap((file): Finding[] => {
    const room = roomOf(file.path);
    if (room === null) return [];
    const allowed = MAY_READ[room];
    if (allowed === undefined) {
      return [
        { path: file.path, line: 1, message: `room "${room}" is not drawn in test/support/tidy/rooms.ts` },
      ];
    }
    return file.imports.flatMap(({ specifier, line }) => {
      const target = specifier.startsWith('.') ? roomOf(resolveImport(file.path, specifier)) : null;
      if (target === null || target === room || allowed.includes(target)) return [];
      return [{ path: file.path, line, message: `${room} may not read ${target}` }];
    });
  });

function roomOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}
