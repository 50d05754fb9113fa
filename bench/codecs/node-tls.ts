/**
 * CPU of Node's TLS: a client sends to a server in the same thread over loopback, with TLS and without; half of what it takes
 * more is the encryption, half the decryption.
 */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { createAuthority, issueCertificate } from '../../src/local/security/certificates.ts';

const BYTES = 48 * 2 ** 20;
const MESSAGES_MAX = 20_000;

export interface TlsRow {
  readonly bytes: number;
  readonly encryptNs: number;
  readonly decryptNs: number;
}

export async function measureNodeTls(): Promise<TlsRow[]> {
  const authority = await createAuthority();
  const own = await issueCertificate(authority, { commonName: 'bench', addresses: ['127.0.0.1'] });
  const credentials = { key: own.key, cert: own.certificate, ca: authority.certificate };
  const rows: TlsRow[] = [];
  for (const bytes of [200, 16_384, 131_072]) {
    const plainNs = await perMessageNs(
      bytes,
      (seen) => net.createServer(seen),
      (port) => net.connect(port, '127.0.0.1'),
    );
    const tlsNs = await perMessageNs(
      bytes,
      (seen) => tls.createServer({ ...credentials, noDelay: true }, seen),
      (port) => tls.connect({ ...credentials, port, host: '127.0.0.1' }),
    );
    const eachNs = Math.max(0, tlsNs - plainNs) / 2;
    rows.push({ bytes, encryptNs: eachNs, decryptNs: eachNs });
  }
  return rows;
}

async function perMessageNs(
  bytes: number,
  serve: (seen: (socket: net.Socket) => void) => net.Server,
  connect: (port: number) => net.Socket,
): Promise<number> {
  let received = 0;
  const server = serve((socket) => {
    socket.on('data', (data) => {
      received += data.length;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = connect(port);
  await once(client, client instanceof tls.TLSSocket ? 'secureConnect' : 'connect');
  const message = Buffer.alloc(bytes, 7);
  const messages = Math.min(MESSAGES_MAX, BYTES / bytes);
  const send = async (): Promise<number> => {
    const [before, from] = [process.threadCpuUsage(), received];
    for (let sent = 0; sent < messages; sent += 1) {
      const written = new Promise<void>((resolve) => client.write(message, () => resolve()));
      // One after the other, as requests of a connection leave: each is a TLS record of its own.
      await written;
    }
    while (received < from + messages * bytes) await new Promise((resolve) => setImmediate(resolve));
    const { user, system } = process.threadCpuUsage(before);
    return ((user + system) * 1000) / messages;
  };
  await send();
  const found = Math.min(await send(), await send(), await send(), await send());
  client.destroy();
  server.close();
  return found;
}
