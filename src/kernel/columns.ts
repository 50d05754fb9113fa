/**
 * The registry of columns: every piece of state that changes while a simulation runs is a typed array made here, so
 * that a checkpoint is a copy of the registry and nothing else.
 *
 *   Columns ─┬─ Column "clock"          Float64Array
 *            ├─ Column "jobs/kind"      Uint16Array, doubles when its table grows
 *            ├─ RecordColumn "events/…" Float64Array and Uint32Array over the same bytes
 *            └─ labels                  what was laid out: names of entities, of random streams, ...
 */
import { type Checkpoint, type ColumnData, checkFormat, FORMAT, failRestore } from './checkpoint.ts';

type Constructor<T extends ColumnData> = new (length: number) => T;

/** One column. Hot code reads `data` afresh after anything that may grow the column; that of a fixed one stays the same array. */
export interface Column<T extends ColumnData> {
  data: T;
}

export type Float64Column = Column<Float64Array>;
export type Int32Column = Column<Int32Array>;
export type Uint32Column = Column<Uint32Array>;
export type Uint16Column = Column<Uint16Array>;
export type Uint8Column = Column<Uint8Array>;

/** Records of numbers of 64 and of 32 bits: `halves` views the same bytes as `data`. */
export class RecordColumn implements Column<Float64Array> {
  #data: Float64Array;
  #halves: Uint32Array;

  constructor(words: number) {
    this.#data = new Float64Array(words);
    this.#halves = new Uint32Array(this.#data.buffer);
  }

  get data(): Float64Array {
    return this.#data;
  }
  set data(data: Float64Array) {
    this.#data = data;
    this.#halves = new Uint32Array(data.buffer, data.byteOffset, data.length * 2);
  }
  get halves(): Uint32Array {
    return this.#halves;
  }
}

/** Whether a column keeps the length that the model gives it, or grows while the simulation runs. */
type ColumnLength = 'fixed' | 'grows';

export class Columns {
  readonly #columns = new Map<string, Column<ColumnData>>();
  readonly #growing = new Set<string>();
  readonly #labels = new Set<string>();

  float64(name: string, length: number, kind: ColumnLength = 'fixed'): Float64Column {
    return this.#make(name, Float64Array, length, kind);
  }
  int32(name: string, length: number, kind: ColumnLength = 'fixed'): Int32Column {
    return this.#make(name, Int32Array, length, kind);
  }
  uint32(name: string, length: number, kind: ColumnLength = 'fixed'): Uint32Column {
    return this.#make(name, Uint32Array, length, kind);
  }
  uint16(name: string, length: number, kind: ColumnLength = 'fixed'): Uint16Column {
    return this.#make(name, Uint16Array, length, kind);
  }
  uint8(name: string, length: number, kind: ColumnLength = 'fixed'): Uint8Column {
    return this.#make(name, Uint8Array, length, kind);
  }

  /** Records of `words` float64 each, any number of which hold two numbers of 32 bits; they grow. */
  records(name: string, words: number, rows: number): RecordColumn {
    const column = new RecordColumn(words * rows);
    this.#add(name, column as unknown as Column<ColumnData>, 'grows');
    return column;
  }

  /**
   * Puts what was laid out into every checkpoint: a model with other labels, or in another order, refuses them.
   * @throws Error when the label is taken
   */
  label(label: string): void {
    if (this.#labels.has(label)) throw new Error(`"${label}" exists already`);
    this.#labels.add(label);
  }

  /** A copy of every column. To be taken between events, not while one is handled. */
  checkpoint(): Checkpoint {
    const columns = new Map([...this.#columns].map(([name, { data }]) => [name, data.slice()]));
    return { format: FORMAT, labels: [...this.#labels], columns };
  }

  /**
   * Puts the contents of a checkpoint back; the registry is as it was when that fails.
   * @throws Error when the checkpoint is of another version, or its labels or columns are not this registry's
   */
  restore(checkpoint: Checkpoint): void {
    const { format, labels, columns } = checkpoint;
    checkFormat(format);
    this.#checkNames(labels, this.#labels);
    this.#checkNames([...columns.keys()], this.#columns);
    const saved = [...this.#columns].map(([name, { data }]) => this.#checked(columns, name, data));
    [...this.#columns.values()].forEach((column, index) => {
      if (column.data.length === saved[index].length) column.data.set(saved[index] as never);
      else column.data = saved[index].slice();
    });
  }

  #checkNames(saved: readonly string[], own: ReadonlySet<string> | ReadonlyMap<string, unknown>): void {
    const extra = saved.find((name) => !own.has(name));
    if (extra !== undefined) failRestore(`it has "${extra}", which this model does not have`);
    const has = new Set(saved);
    let index = 0;
    for (const name of own.keys()) {
      if (!has.has(name)) failRestore(`it lacks "${name}"`);
      if (saved[index] !== name) failRestore(`it has "${saved[index]}" where this model has "${name}"`);
      index += 1;
    }
  }

  #checked(columns: ReadonlyMap<string, ColumnData>, name: string, own: ColumnData): ColumnData {
    const saved = columns.get(name);
    if (saved === undefined) failRestore(`it lacks "${name}"`);
    if (saved.constructor !== own.constructor) {
      failRestore(`it has "${name}" as ${saved.constructor.name}, this model as ${own.constructor.name}`);
    }
    if (saved.length !== own.length && !this.#growing.has(name)) {
      failRestore(`it has ${saved.length} values in "${name}", this model ${own.length}`);
    }
    return saved;
  }

  #make<T extends ColumnData>(
    name: string,
    make: Constructor<T>,
    length: number,
    kind: ColumnLength,
  ): Column<T> {
    const column: Column<T> = { data: new make(length) };
    this.#add(name, column as unknown as Column<ColumnData>, kind);
    return column;
  }

  #add(name: string, column: Column<ColumnData>, kind: ColumnLength): void {
    if (this.#columns.has(name)) throw new Error(`a column named "${name}" exists already`);
    if (kind === 'grows') this.#growing.add(name);
    this.#columns.set(name, column);
  }
}

/** Makes a column at least `length` long, keeping its contents. */
export function growColumn<T extends ColumnData>(column: Column<T>, length: number): void {
  const grown = new (column.data.constructor as Constructor<T>)(length);
  grown.set(column.data as never);
  column.data = grown;
}
