/** The published runs: each with its figures, and its scenario where the simulator can play it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../src/errors/errors.ts';
import { packageRoot } from '../../src/package.ts';

/** What publications tell, with units and how far a prediction may be off; null: no goal. */
export const FIGURES = {
  throughput: { unit: 'rec/s', goal: 0.15 },
  consumed: { unit: 'rec/s', goal: 0.15 },
  'publish p50': { unit: 'ms', goal: 0.3 },
  'publish p95': { unit: 'ms', goal: null },
  'publish p99': { unit: 'ms', goal: 0.3 },
  'publish p99.9': { unit: 'ms', goal: null },
  'publish p99.99': { unit: 'ms', goal: null },
  'publish max': { unit: 'ms', goal: null },
  'end-to-end p50': { unit: 'ms', goal: 0.3 },
  'end-to-end p95': { unit: 'ms', goal: null },
  'end-to-end p99': { unit: 'ms', goal: 0.3 },
  'end-to-end p99.9': { unit: 'ms', goal: null },
  'end-to-end p99.99': { unit: 'ms', goal: null },
  'end-to-end max': { unit: 'ms', goal: null },
} as const satisfies Record<string, { readonly unit: string; readonly goal: number | null }>;

export type FigureName = keyof typeof FIGURES;

const run = z.strictObject({
  name: z.string(),
  source: z.string(),
  published: z.partialRecord(
    z.enum(Object.keys(FIGURES) as [FigureName, ...FigureName[]]),
    z.number().positive(),
  ),
  /** The publication's tool cut latencies to whole milliseconds. */
  wholeMs: z.boolean().default(false),
  /** What of the published run is played shorter. */
  shortened: z.string().default(''),
  /** Why there is no scenario; null where there is one. */
  notPredicted: z.string().nullable().default(null),
});

export type PublishedRun = z.output<typeof run>;

/**
 * All runs, or those of the names.
 *
 * @throws UserError for a name that no run has
 */
export function readRuns(names: readonly string[] | null): PublishedRun[] {
  const file = join(packageRoot, 'bench', 'published', 'runs.yaml');
  const all = z.array(run).parse(parse(readFileSync(file, 'utf8')));
  const unknown = (names ?? []).filter((name) => !all.some((of) => of.name === name));
  if (unknown.length > 0) {
    throw new UserError(
      `published: --only: no run is named "${unknown.join('", "')}"; there are ${all.map(({ name }) => name).join(', ')}`,
    );
  }
  return all.filter(({ name }) => names === null || names.includes(name));
}

export function scenarioFile(name: string): string {
  return join(packageRoot, 'scenarios', 'published', `${name}.yaml`);
}
