import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, where schema/, profiles/ and scenarios/ lie: the same for src/ and for the built dist/. */
export const packageRoot: string = dirname(import.meta.dirname);

/** This package's version, as in package.json. */
export const version: string = readVersion();

/**
 * The address of the module `name` (such as './worker', without an ending) beside the module `metaUrl`, for a new Worker:
 * it ends in .ts in the sources and in .js in the built package, which a plain string cannot follow.
 */
export function siblingModule(metaUrl: string, name: string): URL {
  return new URL(`${name}${extname(fileURLToPath(metaUrl))}`, metaUrl);
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  throw new Error(`no version in ${join(packageRoot, 'package.json')}`);
}
