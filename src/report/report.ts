import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../errors/errors.ts';
import { writeWhole } from '../errors/write-whole.ts';
import type { Profile } from '../profile/profile.ts';
import type { Comparison } from '../result/comparison.ts';
import { comparisonJson } from '../result/json.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { buildReport } from './build.ts';
import { renderHtml } from './html.ts';
import { chartLibraries } from './libraries.ts';
import { renderMarkdown } from './markdown.ts';

export interface ReportInput {
  readonly comparison: Comparison;
  readonly scenario: Scenario;
  readonly profile: Profile;
  /** Made if it is not there; a report in it is replaced. */
  readonly directory: string;
  /** Command lines that give this report again, for its last section. */
  readonly commands?: readonly string[];
}

/** Absolute paths of the three files. */
export interface ReportPaths {
  readonly html: string;
  readonly markdown: string;
  readonly json: string;
}

/**
 * Writes report.html (one file that opens offline), report.md and report.json. Each appears whole or not at all.
 * Throws a `UserError` when the directory cannot be written.
 */
export async function writeReport(input: ReportInput): Promise<ReportPaths> {
  const { comparison, scenario, profile } = input;
  const directory = resolve(input.directory);
  const report = buildReport({ comparison, scenario, profile, commands: input.commands ?? [] });
  const html = renderHtml(report, await chartLibraries());
  const markdown = renderMarkdown(report);
  const json = `${JSON.stringify(comparisonJson(comparison, scenario), null, 2)}\n`;
  const paths: ReportPaths = {
    html: join(directory, 'report.html'),
    markdown: join(directory, 'report.md'),
    json: join(directory, 'report.json'),
  };
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `${directory}: expected a directory that a report can be written to, found: ${found}; name another directory`,
      undefined,
      { cause },
    );
  }
  writeWhole(paths.json, json);
  writeWhole(paths.markdown, markdown);
  writeWhole(paths.html, html);
  return paths;
}
