/**
 * Secrets stay out of whatever is shown or written. Where a setting is read nothing of it is repeated; this is for texts
 * that others made, such as a broker's or a token endpoint's words.
 */
import type { ClusterAccess } from './cluster-access.ts';

const HIDDEN = '***';
/** Shorter ones would be found in any text. */
const SECRET_LENGTH_MIN = 4;
/** Words for a choice; a class, a mechanism, a protocol. */
const WORD = /^[A-Za-z][\w.$-]{0,120}$/;

/** The text with every secret of the access replaced. */
export function withoutSecrets(text: string, { sasl, tls }: ClusterAccess): string {
  const secrets: string[] = [];
  if (sasl !== null) {
    if (sasl.mechanism !== 'OAUTHBEARER') secrets.push(sasl.password);
    else if (sasl.source.kind === 'endpoint') secrets.push(sasl.source.clientSecret);
  }
  if (tls?.identity != null) secrets.push(tls.identity.key);
  return secrets
    .filter((secret) => secret.length >= SECRET_LENGTH_MIN)
    .reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
}

/** The value of a setting that is a choice, if it can be one. */
export function shownChoice(value: string): string {
  return WORD.test(value) ? value : 'another';
}

/** A login module's class, if it is named as one. */
export function shownModule(className: string): string {
  return /^[\w$]+(?:\.[\w$]+)*LoginModule$/.test(className) ? className : 'another';
}
