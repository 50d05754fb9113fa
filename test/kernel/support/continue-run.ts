/** A program that continues a run of `RandomModel` from a checkpoint's file, and prints how it ended. */
import { readFileSync } from 'node:fs';
import { decodeCheckpoint } from '../../../src/kernel/checkpoint.ts';
import { RandomModel } from './random-model.ts';

const [file, seed, entities, untilNs] = process.argv.slice(2);
const model = new RandomModel(seed, Number(entities));
model.sim.columns.restore(decodeCheckpoint(readFileSync(file)));
const from = model.sim.events;
model.sim.run(Number(untilNs));
console.log(JSON.stringify({ from, events: model.sim.events, hash: model.hash() }));
