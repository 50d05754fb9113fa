/** A long text written piece by piece beside its place, and put there when it is whole. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { atPlace } from '../errors/at-place.ts';

const CHUNK_LENGTH = 1 << 16;

export class TextFile {
  readonly #file: string;
  readonly #unfinished: string;
  readonly #descriptor: number;
  #waiting = '';
  #isOpen = true;

  /** @throws UserError when it cannot be written; so do the other calls */
  constructor(file: string) {
    this.#file = file;
    this.#unfinished = `${file}.${process.pid}.tmp`;
    this.#descriptor = atPlace(file, () => openSync(this.#unfinished, 'w'));
  }

  write(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= CHUNK_LENGTH) this.#flush();
  }

  /** Puts the file in its place, over one that is there. */
  finish(): void {
    this.#flush();
    this.#close();
    atPlace(this.#file, () => renameSync(this.#unfinished, this.#file));
  }

  /** Leaves nothing behind. */
  abandon(): void {
    this.#close();
    rmSync(this.#unfinished, { force: true });
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    atPlace(this.#file, () => {
      for (let from = 0; from < bytes.length; ) from += writeSync(this.#descriptor, bytes, from);
    });
  }
}
