// Completes package-lock.json: node scripts/complete-lock.mjs [path of the lock]
//
// `npm ci` refuses a lock that names an optional package (esbuild-style binaries for other systems) without describing it, and npm
// writes such a lock wherever the registry in use does not carry every system's packages. The descriptions are added
// without integrity; only systems whose package could not be looked up are affected.
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = new Set(['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']);
const PROCESSORS = new Set(['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']);
const LIBRARIES = new Map([
  ['gnu', 'glibc'],
  ['gnueabihf', 'glibc'],
  ['musl', 'musl'],
  ['musleabihf', 'musl'],
]);

const path = process.argv[2] ?? 'package-lock.json';
const lock = JSON.parse(readFileSync(path, 'utf8'));
const added = {};
for (const owner of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place] === undefined) added[place] = describe(name, version, owner.dev === true);
  }
}
const [first, ...rest] = Object.entries(lock.packages);
rest.push(...Object.entries(added));
rest.sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries([first, ...rest]);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${path}: ${Object.keys(added).length} packages of other systems described`);

/** npm's description of a package built for one system, which its name ends in (`cli-linux-x64-musl`). */
function describe(name, version, dev) {
  const words = name.split(/[/-]/);
  const system = words.find((word) => SYSTEMS.has(word));
  const processor = words.find((word) => PROCESSORS.has(word));
  if (system === undefined || processor === undefined || !/^\d/.test(version)) {
    throw new Error(`${path}: cannot tell the system of ${name}@${version}; describe it by hand`);
  }
  const library = words.map((word) => LIBRARIES.get(word)).find((word) => word !== undefined);
  return {
    version,
    cpu: [processor],
    ...(dev ? { dev } : {}),
    ...(system === 'linux' && library !== undefined ? { libc: [library] } : {}),
    optional: true,
    os: [system],
  };
}
