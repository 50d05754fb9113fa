/** A trace, part by part, with a block of each in memory at a time: it may be larger than the memory. */
import { BlockReader, type StoredBlock } from './block-reader.ts';
import { EventCursor } from './event-cursor.ts';
import { BLOCK, FORMAT, type PartEnd, type PartNames, type TraceRun } from './format.ts';

/** One shard in one phase. */
export interface TracePart extends PartNames {
  readonly phase: string;
  readonly phaseIndex: number;
  readonly shard: string;
  /** Events in the file. */
  readonly events: number;
  /** False when the shard did not come to the end of its run, or what it did is missing. */
  readonly complete: boolean;
}

/** How a part is called in messages: "paced/east". */
export function partName({ phase, shard }: TracePart): string {
  return `${phase}/${shard}`;
}

interface PartBlocks {
  names: PartNames;
  end: PartEnd | null;
  readonly events: StoredBlock[];
}

export class TraceFile {
  readonly file: string;
  readonly run: TraceRun;
  /** In the order of the phases, then of the shards. */
  readonly parts: readonly TracePart[];
  readonly #reader: BlockReader;
  readonly #blocks: readonly PartBlocks[];

  /**
   * Reads all but the events.
   * @throws UserError, with one line, for a file that cannot be read, is no trace, is of another version or is damaged;
   *   one that was cut off is read as far as it goes
   */
  constructor(file: string) {
    this.file = file;
    this.#reader = new BlockReader(file);
    try {
      this.run = this.#readRun();
      this.#blocks = this.#readParts();
      this.parts = this.#blocks.map((blocks, part) => this.#part(blocks, part));
      const { cutOffAt } = this.#reader;
      if (cutOffAt !== null && this.cutOff === null) throw this.#reader.damaged(cutOffAt);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Events of all parts. */
  get events(): number {
    return this.parts.reduce((sum, part) => sum + part.events, 0);
  }

  /** A line on what is missing of a trace that was cut off; null when nothing is. */
  get cutOff(): string | null {
    const missing = this.parts.filter(({ complete }) => !complete);
    if (missing.length === 0) return null;
    const ends = missing.map((part) => `${partName(part)} ends after ${part.events} events`).join(', ');
    return `${this.file}: the trace is cut off: ${ends}`;
  }

  /** Before the first event of a part; to be used until `close`. */
  cursor(part: TracePart): EventCursor {
    const blocks = this.#blocks[this.parts.indexOf(part)].events.values();
    return new EventCursor(() => {
      const { value: block } = blocks.next();
      return block === undefined ? null : this.#reader.columns(block);
    });
  }

  close(): void {
    this.#reader.close();
  }

  #readRun(): TraceRun {
    const [block] = this.#reader.blocks;
    if (block.type !== BLOCK.run) throw this.#reader.noTrace();
    const run = this.#reader.json(block) as TraceRun;
    if (run.format !== FORMAT) throw this.#reader.noTrace();
    return run;
  }

  #readParts(): PartBlocks[] {
    const parts = Array.from(
      { length: this.run.phases.length * this.run.shards.length },
      (): PartBlocks => ({ names: { entityBase: 0, entities: [], kinds: [] }, end: null, events: [] }),
    );
    for (const block of this.#reader.blocks.slice(1)) {
      const part = parts[block.part];
      if (part === undefined || part.end !== null) throw this.#reader.damaged(block.offset);
      if (block.type === BLOCK.events) part.events.push(block);
      else if (block.type === BLOCK.names) part.names = this.#reader.json(block) as PartNames;
      else if (block.type === BLOCK.end) part.end = this.#reader.json(block) as PartEnd;
      else throw this.#reader.damaged(block.offset);
      if (part.end !== null && part.end.events !== eventsOf(part)) throw this.#reader.damaged(block.offset);
    }
    return parts;
  }

  #part(blocks: PartBlocks, part: number): TracePart {
    const { phases, shards } = this.run;
    const phaseIndex = Math.floor(part / shards.length);
    return {
      ...blocks.names,
      phase: phases[phaseIndex],
      phaseIndex,
      shard: shards[part % shards.length],
      events: eventsOf(blocks),
      complete: blocks.end?.complete === true,
    };
  }
}

function eventsOf({ events }: PartBlocks): number {
  return events.reduce((sum, block) => sum + block.events, 0);
}
