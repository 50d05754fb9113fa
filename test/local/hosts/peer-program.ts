/**
 * One side of the traffic between machines, run on a machine: hears datagrams, answers and swallows TCP, and does as it is
 * told by lines on its standard input. Arguments: its own addresses, separated by commas, and the port of all peers.
 */
import { createSocket } from 'node:dgram';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Heard, Order } from './peers.ts';

const ANSWER_TIMEOUT_MS = 1_000;
const CHUNK = Buffer.alloc(64 * 1024);
const PUSHING = 1;

const [, , addressList, portText] = process.argv;
const addresses = addressList.split(',');
const port = Number(portText);
const held = new Map<string, Socket>();
const pushed = new Set<Socket>();
let swallowedBytes = 0;

function tell(heard: Heard): void {
  process.stdout.write(`${JSON.stringify(heard)}\n`);
}

/** A connection whose first byte is PUSHING is swallowed, any other one is echoed. */
function serve(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.once('data', (first) => {
    if (first[0] === PUSHING) {
      socket.on('data', (chunk) => {
        swallowedBytes += chunk.length;
      });
    } else {
      socket.write(first);
      socket.on('data', (chunk) => socket.write(chunk));
    }
  });
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}

/** `answered`, `silent` after a second, or the code of an error. */
function ping(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('silent'), ANSWER_TIMEOUT_MS);
    const end = (outcome: string): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    socket.once('data', () => end('answered'));
    socket.once('error', (error) => end(codeOf(error)));
    if (!socket.connecting) socket.write(Buffer.of(0));
    else socket.once('connect', () => socket.write(Buffer.of(0)));
  });
}

async function carryOut(order: Order): Promise<void> {
  switch (order.do) {
    case 'send': {
      const socket = createSocket('udp4');
      for (const to of order.to) socket.send(JSON.stringify({ from: addresses[0], to }), port, to);
      setTimeout(() => socket.close(), ANSWER_TIMEOUT_MS);
      return;
    }
    case 'connect': {
      const sockets = order.to.map((to) => ({ to, socket: connectTcp(port, to) }));
      const outcomes = await Promise.all(
        sockets.map(async ({ to, socket }) => [to, await ping(socket)] as const),
      );
      for (const { to, socket } of sockets) {
        socket.on('error', () => undefined);
        if (order.hold) held.set(to, socket);
        else socket.destroy();
      }
      return tell({ outcomes });
    }
    case 'ping':
      return tell({
        outcomes: await Promise.all([...held].map(async ([to, socket]) => [to, await ping(socket)] as const)),
      });
    case 'push': {
      const socket = connectTcp(port, order.to);
      socket.on('error', () => undefined);
      pushed.add(socket);
      const write = (): void => {
        while (!socket.destroyed && socket.write(CHUNK));
      };
      socket.on('drain', write);
      socket.write(Buffer.of(PUSHING));
      return write();
    }
    case 'rest':
      for (const socket of pushed) socket.destroy();
      return pushed.clear();
    case 'count':
      return tell({ bytes: swallowedBytes, atMs: performance.now() });
  }
}

await Promise.all(
  addresses.map(async (address) => {
    const socket = createSocket('udp4');
    socket.on('message', (text) => tell({ datagram: JSON.parse(text.toString()) }));
    await new Promise<void>((resolve) => socket.bind(port, address, resolve));
    await new Promise<void>((resolve) => {
      createServer(serve).listen(port, address, resolve);
    });
  }),
);
createInterface({ input: process.stdin })
  .on('line', (line) => void carryOut(JSON.parse(line)))
  .on('close', () => process.exit());
tell({ ready: true });
