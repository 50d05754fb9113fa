/** Whom clients trust, as the settings of the trust store say. */
import { readFileSync } from 'node:fs';
import { readJavaStore, trustAnchors } from './java-store.ts';
import { certificatesOf } from './pem.ts';
import type { Settings } from './settings.ts';
import { attempt, readType, refuseBoth, refuseInline } from './store-settings.ts';

/** Certificates in PEM; null without a trust store, and after a problem. */
export function readTrusted(settings: Settings): readonly string[] | null {
  const type = readType(settings, 'ssl.truststore.type');
  const location = settings.filled('ssl.truststore.location');
  const inline = settings.filled('ssl.truststore.certificates');
  const password = settings.text('ssl.truststore.password');
  if (type === null) return null;
  if (inline !== null) {
    if (type !== 'PEM') refuseInline(settings, 'ssl.truststore.certificates', 'ssl.truststore.type');
    if (location !== null) refuseBoth(settings, 'ssl.truststore.certificates', 'ssl.truststore.location');
  }
  if (type === 'PEM' && password !== null) {
    settings.refuse('ssl.truststore.password', 'expected none for PEM, found one; leave it out');
  }
  if (inline !== null) {
    return attempt(settings, 'ssl.truststore.certificates', 'certificates in PEM', () =>
      certificatesOf(inline).map(String),
    );
  }
  if (location === null) {
    if (password !== null && type !== 'PEM') {
      settings.refuse(
        'ssl.truststore.password',
        'expected ssl.truststore.location with it, found none; add it, or leave the password out',
      );
    }
    return null;
  }
  const expected =
    type === 'PEM'
      ? 'a file with certificates in PEM'
      : 'a JKS or PKCS12 store that ssl.truststore.password opens';
  return attempt(settings, 'ssl.truststore.location', expected, () => {
    const bytes = readFileSync(location);
    if (type === 'PEM') return certificatesOf(bytes.toString('latin1')).map(String);
    const anchors = trustAnchors(readJavaStore(bytes, password));
    if (anchors.length === 0) {
      throw new Error(
        'no certificate that Java would trust (keytool -importcert makes such entries, openssl pkcs12 only with -jdktrust)',
      );
    }
    return anchors.map(String);
  });
}
