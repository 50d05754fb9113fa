/** The chart libraries as they are built for browsers, from this installation: a report needs nothing else to open. */
import { readFile } from 'node:fs/promises';

/** Each package's own entry point, and the browser bundle that lies beside it. */
const BUNDLES = [
  { name: 'vega', bundle: 'vega.min.js' },
  { name: 'vega-lite', bundle: 'vega-lite.min.js' },
  { name: 'vega-embed', bundle: 'vega-embed.min.js' },
] as const;

/** JavaScript of all libraries, licences first, in the order in which they need each other. */
export async function chartLibraries(): Promise<string> {
  const sources = await Promise.all(BUNDLES.map(readBundle));
  return sources.join('\n');
}

async function readBundle({ name, bundle }: (typeof BUNDLES)[number]): Promise<string> {
  const entry = import.meta.resolve(name);
  const read = (path: string) => readFile(new URL(path, entry), 'utf8');
  const [source, licence, manifest] = await Promise.all([
    read(bundle),
    read('../LICENSE'),
    read('../package.json'),
  ]);
  const { version } = JSON.parse(manifest) as { version: string };
  const notice = `/*! ${name} ${version}\n${licence.replaceAll('*/', '* /')}*/`;
  // A source map would be the one thing that a browser's developer tools fetch.
  return `${notice}\n${source.replace(/^\/\/# sourceMappingURL=.*$/m, '')}`;
}
