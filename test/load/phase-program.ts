/** A program for the tests: plays a phase of a minute on two client machines. Arguments: a broker, the note file. */
import { runPhase } from '../../src/load/run-phase.ts';
import { notedPlaces, twoMachines } from './agents-support.ts';
import { exampleConsumer, examplePhase } from './example-scenario.ts';

const [bootstrapServers, file] = process.argv.slice(2);
await runPhase({
  // A group of its own: members that are killed stay in theirs until their session is over.
  scenario: twoMachines({
    consumers: [exampleConsumer({ host: 'clients', count: 2, group: 'killed' })],
  }),
  phase: examplePhase({ durationMs: 60_000 }),
  bootstrapServers,
  places: notedPlaces(file),
  onWarm: () => console.log('warm'),
});
