#!/usr/bin/env node
// Plain JavaScript for Node 18 and newer: an older Node hands over to the packaged one.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NODE_MAJOR_MIN, packagedNode, runToEnd } from './packaged-node.mjs';

const EXIT_OUR_FAULT = 1;
const sources = new URL('../src/cli/main.ts', import.meta.url);
const built = new URL('../dist/cli/main.js', import.meta.url);
const packages = new URL('../node_modules', import.meta.url);

if (existsSync(sources) && !existsSync(packages)) {
  refuse('the packages of this clone are not installed: run `npm ci` in it');
} else if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) {
  await import(existsSync(sources) ? sources : built);
} else {
  await handOver();
}

async function handOver() {
  try {
    const node = packagedNode(import.meta.url);
    process.exitCode = await runToEnd(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  } catch (error) {
    refuse(
      `Node ${NODE_MAJOR_MIN} or newer is needed and this is ${process.versions.node}; ${error.message}`,
    );
  }
}

function refuse(reason) {
  console.error(`brokertwin: ${reason}`);
  process.exitCode = EXIT_OUR_FAULT;
}
