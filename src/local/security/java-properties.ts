/** Text of a Java .properties file. */

/** One line for each property; values may hold anything. */
export function javaProperties(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${escapeValue(value)}\n`)
    .join('');
}

/** Java reads a backslash as the start of an escape, and drops blanks in front. */
function escapeValue(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replace(/^(?=\s)/, '\\');
}
