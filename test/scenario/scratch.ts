/** Scenario files for one test, in a directory that goes with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { UserError } from '../../src/errors/errors.ts';
import { type LoadedScenario, readScenario } from '../../src/scenario/read-scenario.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'brokertwin-scenario-'));
after(() => rmSync(directory, { recursive: true }));

export function scratchFile(name: string, content: string | Uint8Array): string {
  const file = path.join(directory, name);
  writeFileSync(file, content);
  return file;
}

/** Reads a scenario from text. */
export function load(yaml: string, set: readonly string[] = []): LoadedScenario {
  return readScenario(scratchFile('s.yaml', yaml), { set });
}

/** The problems of a scenario, with `s.yaml` for the path of the file; empty when there are none. */
export function problemsOf(yaml: string, set: readonly string[] = []): string[] {
  return problemsOfFile(scratchFile('s.yaml', yaml), set);
}

export function problemsOfFile(file: string, set: readonly string[] = []): string[] {
  try {
    readScenario(file, { set });
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.lines.map((line) => line.replaceAll(`${path.dirname(file)}/`, ''));
  }
}

/** A small scenario with further lines at its end. */
export function small(more = ''): string {
  return `apiVersion: brokertwin/v1
topics:
  orders: {}
producers:
  checkout: { topics: orders, rate: 10/s }
${more}`;
}
