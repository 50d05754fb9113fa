/** What continuous integration is told of a measurement: JUnit's XML, and the summary of a step on GitHub. */
import { appendFileSync } from 'node:fs';
import { writeWhole } from '../errors/write-whole.ts';
import { junit } from '../report/junit.ts';
import { stepSummary } from '../report/step-summary.ts';
import { verdictsOf } from '../report/verdicts.ts';
import type { LevelOutcome } from '../result/levels.ts';
import type { RunResult } from '../result/run-result.ts';

/** @param junitFile where JUnit's XML goes; none when it is left out */
export function tellContinuousIntegration(
  junitFile: string | undefined,
  result: RunResult,
  levels: readonly LevelOutcome[],
): void {
  const verdicts = verdictsOf(result, levels);
  if (junitFile !== undefined) {
    writeWhole(junitFile, junit(result.scenario.name, verdicts));
  }
  const { GITHUB_STEP_SUMMARY: summaryFile } = process.env;
  if (summaryFile !== undefined && summaryFile !== '') {
    appendFileSync(summaryFile, `${stepSummary(result, verdicts)}\n`);
  }
}
