/**
 * Slow disks: a shim that a process is started with, native/slow-disk.c, makes its writes and syncs below given
 * directories take longer. What is slowed and what is not is said there.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { packageRoot } from '../../package.ts';
import { cacheDirectory } from '../system/cache-directory.ts';
import { makeStagingDirectory, removeDirectory } from '../system/staging.ts';
import { runTool } from '../system/tool.ts';
import { kernelPath } from './mounts.ts';
import { DIRECTORIES_MAX, makeControlFile } from './slow-disk-control.ts';

export { setSlowness } from './slow-disk-control.ts';

export interface ShimSettings {
  /** From `buildSlowDiskShim`. */
  readonly library: string;
  /** Made when it is not there; see `setSlowness`. */
  readonly controlFile: string;
  /** At most 16; `setSlowness` counts them from 0. */
  readonly directories: readonly string[];
}

const SOURCE = join(packageRoot, 'native', 'slow-disk.c');
const GCC_OPTIONS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-fPIC', '-shared'];

/**
 * Path of the shim, built with gcc when this version of it is not in the cache yet (half a second).
 *
 * @throws UserError (exit 3) without gcc or the headers of the C library, or where LD_PRELOAD could not name the path.
 */
export async function buildSlowDiskShim(
  options: { readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const cache = cacheDirectory(options.env);
  if (/[\s:]/.test(cache)) {
    throw new UserError(
      `slow disks need a cache directory without blanks and colons (LD_PRELOAD ends there), found ${cache}: set XDG_CACHE_HOME`,
      EXIT.clusterUnreachable,
    );
  }
  const hash = createHash('sha256').update(readFileSync(SOURCE)).update(GCC_OPTIONS.join(' ')).digest('hex');
  const library = join(cache, `slow-disk-${hash.slice(0, 16)}-${process.arch}.so`);
  if (existsSync(library)) return library;
  mkdirSync(cache, { recursive: true });
  const staging = makeStagingDirectory(cache);
  try {
    const built = join(staging, 'slow-disk.so');
    await compile(built, options);
    renameSync(built, library);
  } finally {
    removeDirectory(staging);
  }
  return library;
}

async function compile(
  target: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const run = await runTool('gcc', [...GCC_OPTIONS, '-o', target, SOURCE, '-ldl'], options);
  if (run === null) {
    throw new UserError(
      'slow disks need gcc, found none on the PATH: install it (Debian: apt install gcc libc6-dev), or leave them out',
      EXIT.clusterUnreachable,
    );
  }
  if (run.exitCode === 0) return;
  const reason =
    run.lines.find((line) => /error:|cannot find/.test(line)) ?? run.lines.at(-1) ?? 'no reason given';
  throw new UserError(
    `slow disks: gcc could not build ${SOURCE}: ${reason.trim()}: are the headers of the C library there (Debian: apt install libc6-dev)?`,
    EXIT.clusterUnreachable,
  );
}

/**
 * What to add to the environment of a process (64-bit Linux) so that its disks can be slowed; makes the control file.
 * Other libraries that LD_PRELOAD names stay.
 *
 * @throws UserError for more than 16 directories (exit 2), and when the library is gone (exit 3): the process would
 * start without it.
 */
export function shimEnvironment(
  settings: ShimSettings,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const directories = settings.directories.map(kernelPath);
  if (directories.length > DIRECTORIES_MAX) {
    throw new UserError(
      `disks that can be slowed: expected at most ${DIRECTORIES_MAX} log dirs in a broker, found ${directories.length}`,
    );
  }
  if (!existsSync(settings.library)) {
    throw new UserError(
      `slow disks: expected the shim at ${settings.library}, found none: take the cluster down and up again`,
      EXIT.clusterUnreachable,
    );
  }
  makeControlFile(settings.controlFile);
  const others = env.LD_PRELOAD === undefined || env.LD_PRELOAD === '' ? [] : [env.LD_PRELOAD];
  return {
    LD_PRELOAD: [settings.library, ...others].join(' '),
    BROKERTWIN_SLOW_DISK_CONTROL: settings.controlFile,
    BROKERTWIN_SLOW_DISK_DIRECTORIES: directories.join('\n'),
  };
}
