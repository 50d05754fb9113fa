/** PEM text, as generously as Kafka reads it: blanks for line breaks and text around the blocks do no harm. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** The certificates of a text, in its order. @throws Error for none, and for one that cannot be read */
export function certificatesOf(text: string): X509Certificate[] {
  const certificates = blocksOf(text, 'CERTIFICATE').map(({ der }) => new X509Certificate(der));
  if (certificates.length === 0) throw new Error('no certificate in PEM');
  return certificates;
}

/**
 * The one private key of a text, in PKCS #8 or in a traditional form.
 *
 * @param password null for a key that is not encrypted
 * @throws Error for none or several, a wrong or absent password, a key that cannot be read
 */
export function privateKeyOf(text: string, password: string | null): KeyObject {
  const [block, ...others] = blocksOf(text, 'PRIVATE KEY');
  if (block === undefined) throw new Error('no private key in PEM');
  if (others.length > 0) throw new Error(`${others.length + 1} private keys in PEM`);
  if (block.label === 'ENCRYPTED PRIVATE KEY' && password === null) throw new Error('an encrypted key');
  return createPrivateKey({
    key: block.pem,
    format: 'pem',
    ...(password === null ? {} : { passphrase: password }),
  });
}

/** A private key in PKCS #8, not encrypted. */
export function privateKeyPem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

interface Block {
  readonly label: string;
  readonly pem: string;
  readonly der: Buffer;
}

/** Blocks whose label ends with `ending`; headers such as those of OpenSSL's bags and encryptions stay in `pem`. */
function blocksOf(text: string, ending: string): Block[] {
  const block =
    /-----BEGIN ([A-Z0-9 ]+)-----\s+((?:[\w-]+:[^\r\n]*[\r\n]+\s*)*)([A-Za-z0-9+/=\s]*)-----END \1-----/g;
  return [...text.matchAll(block)]
    .filter(([, label]) => label.endsWith(ending))
    .map(([, label, headers, body]) => {
      const base64 = body.replace(/\s/g, '');
      const lines = base64.match(/.{1,64}/g) ?? [];
      const head = headers === '' ? '' : `${headers.trimEnd()}\n\n`;
      const pem = `-----BEGIN ${label}-----\n${head}${lines.join('\n')}\n-----END ${label}-----\n`;
      return { label, pem, der: Buffer.from(base64, 'base64') };
    });
}
