/**
 * A process that writes and syncs what it is told to: a JSON line of a `DiskTask` in, a line with the ms that it took out.
 */
import { closeSync, fdatasyncSync, openSync, promises, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface DiskTask {
  readonly path: string;
  readonly writes: number;
  readonly bytesPerWrite: number;
  readonly sync: boolean;
  /** Writes go on in that many threads at once. */
  readonly threads: number;
}

for await (const line of createInterface({ input: process.stdin })) {
  const task: DiskTask = JSON.parse(line);
  const start = performance.now();
  await (task.threads === 1 ? writeOnce(task) : writeAtOnce(task));
  process.stdout.write(`${performance.now() - start}\n`);
}

function writeOnce({ path, writes, bytesPerWrite, sync }: DiskTask): void {
  const file = openSync(path, 'w');
  const bytes = Buffer.alloc(bytesPerWrite);
  for (let count = 0; count < writes; count += 1) writeSync(file, bytes);
  if (sync) fdatasyncSync(file);
  closeSync(file);
}

async function writeAtOnce({ path, writes, bytesPerWrite, threads }: DiskTask): Promise<void> {
  await Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      const file = await promises.open(`${path}-${thread}`, 'w');
      for (let count = 0; count < writes; count += threads) await file.write(Buffer.alloc(bytesPerWrite));
      await file.close();
    }),
  );
}
