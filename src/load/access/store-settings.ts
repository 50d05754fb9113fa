/** What settings of trust stores and of key stores have in common. */
import { shownChoice } from './secrets.ts';
import type { Settings } from './settings.ts';

export type StoreType = 'PEM' | 'Java';

/** Kafka's default is JKS; Java opens PKCS #12 under that name, too. Null after a problem. */
export function readType(settings: Settings, key: string): StoreType | null {
  const type = (settings.filled(key) ?? 'JKS').toUpperCase();
  if (type === 'PEM') return 'PEM';
  if (type === 'JKS' || type === 'PKCS12') return 'Java';
  settings.refuse(
    key,
    `expected JKS, PKCS12 or PEM, found ${shownChoice(type)}; convert the store with keytool -importkeystore`,
  );
  return null;
}

export function refuseInline(settings: Settings, key: string, typeKey: string): void {
  settings.refuse(key, `expected ${typeKey}=PEM with it, found another type; set it`);
}

export function refuseBoth(settings: Settings, key: string, other: string): void {
  settings.refuse(key, `expected it without ${other}, found both; leave one of them out`);
}

/** What `read` gives, or a problem with `key` and null. */
export function attempt<T>(settings: Settings, key: string, expected: string, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    settings.refuse(key, `expected ${expected}, found: ${why}`);
    return null;
  }
}
