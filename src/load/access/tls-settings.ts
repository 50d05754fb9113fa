/** What `ssl.*` settings say about how clients speak TLS. */
import { readIdentity } from './client-identity.ts';
import type { TlsAccess } from './cluster-access.ts';
import { shownChoice } from './secrets.ts';
import type { Settings } from './settings.ts';
import { readTlsVersions } from './tls-versions.ts';
import { readTrusted } from './trusted-certificates.ts';

/** Reads the stores, too; what is wrong goes to the problems of `settings`. */
export function readTls(settings: Settings): TlsAccess {
  return {
    trusted: readTrusted(settings),
    identity: readIdentity(settings),
    checksHostName: readHostNameCheck(settings),
    ...readTlsVersions(settings),
  };
}

function readHostNameCheck(settings: Settings): boolean {
  const key = 'ssl.endpoint.identification.algorithm';
  const algorithm = settings.text(key) ?? 'https';
  if (algorithm.toLowerCase() === 'https') return true;
  if (algorithm !== '') {
    settings.refuse(
      key,
      `expected https, or nothing for no check of host names, found ${shownChoice(algorithm)}`,
    );
  }
  return false;
}
