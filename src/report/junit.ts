/** JUnit's XML of a measurement's verdicts, as continuous integration reads it: a suite a phase, a case a verdict. */
import type { Verdict } from './verdicts.ts';

/** @param name of the scenario */
export function junit(name: string, verdicts: readonly Verdict[]): string {
  const suites = [...Map.groupBy(verdicts, ({ group }) => group)].map(([group, cases]) => {
    const [failures, skipped] = [false, null].map((of) => cases.filter(({ isGood }) => isGood === of).length);
    const attributes = `name="${escaped(group)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}"`;
    return `  <testsuite ${attributes}>\n${cases.map((one) => caseOf(name, one)).join('')}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escaped(name)}">\n${suites.join('')}</testsuites>\n`;
}

function caseOf(scenario: string, { group, name, isGood, found }: Verdict): string {
  const attributes = `classname="${escaped(`${scenario}.${group}`)}" name="${escaped(name)}"`;
  if (isGood === true) {
    return `    <testcase ${attributes}/>\n`;
  }
  const what = isGood === null ? 'skipped' : 'failure';
  return `    <testcase ${attributes}><${what} message="${escaped(found)}"/></testcase>\n`;
}

/** For an attribute; characters that XML does not know are left out. */
function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go.
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll('\n', '&#10;')
  );
}
