/** Text of a Java .properties file. */

/** One line for each property, in ASCII; values may hold anything. */
export function javaProperties(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${escapeValue(value)}\n`)
    .join('');
}

/** Java reads a backslash as the start of an escape, drops blanks in front, and takes the bytes for Latin-1. */
function escapeValue(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replace(/[\u0080-\uffff]/g, unicodeEscape)
    .replace(/^(?=\s)/, '\\');
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
