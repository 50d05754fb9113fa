/**
 * Login modules as `sasl.jaas.config` has them: `<class> required <key>="<value>" ...;`, taken apart as Kafka does it with
 * java.io.StreamTokenizer. Whatever it says may be a secret, so no problem repeats any of it.
 */

export interface LoginModule {
  readonly className: string;
  readonly options: ReadonlyMap<string, string>;
}

export type ParsedJaas = { readonly modules: readonly LoginModule[] } | { readonly problem: string };

interface Token {
  readonly kind: 'word' | 'symbol';
  readonly text: string;
}

const CONTROL_FLAGS = ['required', 'requisite', 'sufficient', 'optional'];
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const EXPECTED = 'expected <login module class> required key="value" ...;';

/** A single slash begins a comment, too: StreamTokenizer starts with it as such, and Kafka leaves it so. */
const BETWEEN = /(?:[\0-\x20]|\/\*[\s\S]*?\*\/|\/[^\r\n]*)*/y;
/** Words may not begin with what StreamTokenizer takes for the start of a number. */
const WORD = /[A-Za-z_$\u00a0-\uffff][A-Za-z0-9_$.\u00a0-\uffff-]*/y;
/** A quotation ends at the line's end, if nothing else ends it. */
const QUOTED = /(["'])((?:\\[\s\S]|(?!\1)[^\\\r\n])*)(?:\1|(?=[\r\n])|$)/y;

/** Takes the value of `sasl.jaas.config` apart; never fails, a problem reads on after `sasl.jaas.config: `. */
export function parseJaas(text: string): ParsedJaas {
  const tokens = tokensOf(text);
  const modules: LoginModule[] = [];
  let next = 0;
  while (next < tokens.length) {
    const [module, flag] = tokens.slice(next, next + 2);
    if (module.kind !== 'word') return { problem: `${EXPECTED}, found no class at its beginning` };
    if (flag?.kind !== 'word' || !CONTROL_FLAGS.includes(flag.text.toLowerCase())) {
      return { problem: `${EXPECTED}, found another word than required after the class` };
    }
    next += 2;
    const options = new Map<string, string>();
    while (next < tokens.length && !isSymbol(tokens[next], ';')) {
      const [key, equals, value] = tokens.slice(next, next + 3);
      if (key.kind !== 'word' || !isSymbol(equals, '=') || value?.kind !== 'word') {
        return { problem: `${EXPECTED}, found its option ${options.size + 1} in another form` };
      }
      options.set(key.text, value.text);
      next += 3;
    }
    if (next === tokens.length) return { problem: `${EXPECTED}, found no semicolon at its end` };
    next += 1;
    modules.push({ className: module.text, options });
  }
  return modules.length === 0 ? { problem: `${EXPECTED}, found nothing` } : { modules };
}

function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (match(BETWEEN); at < text.length; match(BETWEEN)) {
    const quoted = match(QUOTED);
    const word = quoted === null ? match(WORD)?.[0] : unescaped(quoted[2]);
    if (word !== undefined) {
      tokens.push({ kind: 'word', text: word });
    } else {
      tokens.push({ kind: 'symbol', text: text[at] });
      at += 1;
    }
  }
  return tokens;
}

function unescaped(quoted: string): string {
  return quoted.replace(
    /\\(?:([0-3][0-7]{0,2}|[4-7][0-7]?)|(.))/gs,
    (_, octal: string | undefined, other: string) =>
      octal === undefined ? (ESCAPES[other] ?? other) : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
