/** The entry of the command line: bin/brokertwin.mjs imports it under a Node that can run it. */
import { run } from './run.ts';

/** Something still open this long after the result is a fault of ours, better shown than waited for. */
const STILL_OPEN_MS = 3_000;

process.exitCode = await run(process.argv.slice(2));

setTimeout(() => {
  process.stderr.write(
    `brokertwin: ended by force, still open: ${process.getActiveResourcesInfo().join(', ')}; this is a fault of brokertwin\n`,
  );
  process.exit();
}, STILL_OPEN_MS).unref();
