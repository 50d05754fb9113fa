/** Where programs are. Those of administrators lie in folders that are not on everybody's PATH. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const ADMIN_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** Says where a program is that could not be started by its name, and what to do; `debianPackage` has it. */
export function lookElsewhere(
  program: string,
  debianPackage: string,
  folders: readonly string[] = ADMIN_FOLDERS,
): { readonly found: string; readonly remedy: string } {
  const folder = folders.find((entry) => isProgram(join(entry, program)));
  if (folder === undefined) {
    return {
      found: `no ${program} on the PATH`,
      remedy: `install it (Debian: apt install ${debianPackage})`,
    };
  }
  return {
    found: `${program} in ${folder}, which is not on the PATH`,
    remedy: `add ${folder} to the PATH, as sudo does`,
  };
}

/** Whether a program of this name is on the PATH. */
export function onPath(program: string, path: string = process.env.PATH ?? ''): boolean {
  return path.split(delimiter).some((folder) => folder !== '' && isProgram(join(folder, program)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
