/** `ssl.protocol`, `ssl.enabled.protocols` and `ssl.cipher.suites`, as far as Node's TLS has them. */
import { getCiphers } from 'node:tls';
import type { TlsAccess, TlsVersion } from './cluster-access.ts';
import type { Settings } from './settings.ts';

const VERSIONS: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const DEFAULT_ENABLED: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3'];

/**
 * The versions that are enabled, of which `ssl.protocol` is the newest, and the ciphers. Versions are a range in Node, so
 * there may be no gap; one that has none of the ciphers is left out, which Node would not do by itself.
 */
export function readTlsVersions(
  settings: Settings,
): Pick<TlsAccess, 'minVersion' | 'maxVersion' | 'ciphers'> {
  const newest = readNewest(settings);
  const enabled = readEnabled(settings);
  const ciphers = readCiphers(settings);
  const notTooNew = enabled.filter((version) => VERSIONS.indexOf(version) <= VERSIONS.indexOf(newest));
  const usable = notTooNew.filter((version) => ciphers === null || hasCipher(version, ciphers));
  const minVersion = usable[0] ?? newest;
  const maxVersion = usable.at(-1) ?? newest;
  if (notTooNew.length === 0) {
    settings.refuse(
      'ssl.protocol',
      `expected one not older than all enabled protocols (${enabled.join(', ')}), found ${newest}; enable it in ssl.enabled.protocols`,
    );
  } else if (usable.length === 0) {
    settings.refuse(
      'ssl.cipher.suites',
      `expected a suite of ${notTooNew.join(' or ')}, found none; add one, or enable other protocols`,
    );
  }
  const span = VERSIONS.indexOf(maxVersion) - VERSIONS.indexOf(minVersion) + 1;
  if (usable.length > 0 && span !== usable.length) {
    settings.refuse(
      'ssl.enabled.protocols',
      `expected protocols that follow each other, since Node enables a range, found ${usable.join(', ')}; add those between them, or leave out those at one end`,
    );
  }
  return { minVersion, maxVersion, ciphers: ciphers === null ? null : ciphers.join(':') };
}

function readEnabled(settings: Settings): readonly TlsVersion[] {
  const stated = settings.list('ssl.enabled.protocols');
  const unknown = stated.filter((version) => !isVersion(version));
  if (unknown.length > 0) {
    settings.refuse(
      'ssl.enabled.protocols',
      `expected some of ${VERSIONS.join(', ')}, found ${unknown.join(', ')}; leave it out`,
    );
  }
  const enabled = VERSIONS.filter((version) => stated.includes(version));
  return enabled.length === 0 ? DEFAULT_ENABLED : enabled;
}

/** Suites of TLS 1.3 are for nothing else. */
function hasCipher(version: TlsVersion, ciphers: readonly string[]): boolean {
  return ciphers.some((cipher) => cipher.startsWith('TLS_') === (version === 'TLSv1.3'));
}

function readNewest(settings: Settings): TlsVersion {
  const stated = settings.filled('ssl.protocol') ?? 'TLS';
  if (stated === 'TLS') return 'TLSv1.3';
  if (isVersion(stated)) return stated;
  settings.refuse('ssl.protocol', `expected TLS or one of ${VERSIONS.join(', ')}, found ${stated}`);
  return 'TLSv1.3';
}

function isVersion(text: string): text is TlsVersion {
  return VERSIONS.some((version) => version === text);
}

/** In OpenSSL's notation; null when none is stated, and after a problem. */
function readCiphers(settings: Settings): readonly string[] | null {
  const stated = settings.list('ssl.cipher.suites');
  const known = new Set(getCiphers());
  const unknown = stated.filter((suite) => !known.has(opensslName(suite).toLowerCase()));
  if (unknown.length > 0) {
    settings.refuse(
      'ssl.cipher.suites',
      `expected cipher suites that Node's TLS has, found ${unknown.join(', ')}; leave them out`,
    );
    return null;
  }
  return stated.length === 0 ? null : stated.map(opensslName);
}

/** TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is ECDHE-RSA-AES128-GCM-SHA256; suites of TLS 1.3 are called the same. */
function opensslName(suite: string): string {
  const [, exchange, cipher] = /^TLS_(.+)_WITH_(.+)$/.exec(suite) ?? [];
  if (exchange === undefined) return suite;
  const short = cipher
    .replace(/^AES_(\d+)_/, 'AES$1_')
    .replace(/_CBC_/, '_')
    .replace(/^(CHACHA20_POLY1305)_SHA256$/, '$1');
  return `${exchange === 'RSA' ? '' : `${exchange}_`}${short}`.replaceAll('_', '-');
}
