/**
 * The registry of columns: every piece of state that changes while a simulation runs is a typed array made here, so
 * that a checkpoint is a copy of the registry and nothing else.
 *
 *   Columns ─┬─ Column "events/time"   Float64Array, doubles when its table grows
 *            ├─ Column "events/kind"   Uint16Array
 *            └─ ...
 */

type ColumnData = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;
type Constructor<T extends ColumnData> = new (length: number) => T;

/** One column. Hot code reads `data` afresh after anything that may grow the column. */
export interface Column<T extends ColumnData> {
  data: T;
}

export type Float64Column = Column<Float64Array>;
export type Int32Column = Column<Int32Array>;
export type Uint32Column = Column<Uint32Array>;
export type Uint16Column = Column<Uint16Array>;
export type Uint8Column = Column<Uint8Array>;

/** Whether a column keeps the length that the model gives it, or grows while the simulation runs. */
type ColumnLength = 'fixed' | 'grows';

/** A checkpoint: the contents of every column by name, in the order of their making. Plain data. */
export type ColumnsCheckpoint = ReadonlyMap<string, ColumnData>;

export class Columns {
  readonly #columns = new Map<string, Column<ColumnData>>();
  readonly #growing = new Set<string>();

  float64(name: string, length: number, kind: ColumnLength = 'fixed'): Float64Column {
    return this.#add(name, Float64Array, length, kind);
  }
  int32(name: string, length: number, kind: ColumnLength = 'fixed'): Int32Column {
    return this.#add(name, Int32Array, length, kind);
  }
  uint32(name: string, length: number, kind: ColumnLength = 'fixed'): Uint32Column {
    return this.#add(name, Uint32Array, length, kind);
  }
  uint16(name: string, length: number, kind: ColumnLength = 'fixed'): Uint16Column {
    return this.#add(name, Uint16Array, length, kind);
  }
  uint8(name: string, length: number, kind: ColumnLength = 'fixed'): Uint8Column {
    return this.#add(name, Uint8Array, length, kind);
  }

  /** Puts a name into every checkpoint, as an empty column: a model without that name refuses them. */
  mark(name: string): void {
    this.#add(name, Uint8Array, 0, 'fixed');
  }

  /** A copy of every column. To be taken between events, not while one is handled. */
  checkpoint(): ColumnsCheckpoint {
    const copy = new Map<string, ColumnData>();
    for (const [name, column] of this.#columns) copy.set(name, column.data.slice());
    return copy;
  }

  /**
   * Puts the contents of a checkpoint back; the registry is as it was when that fails.
   * @throws Error when the checkpoint's columns are not this registry's (another model or version)
   */
  restore(checkpoint: ColumnsCheckpoint): void {
    for (const name of checkpoint.keys()) {
      if (!this.#columns.has(name)) failRestore(`has "${name}", which this model does not have`);
    }
    const saved = [...this.#columns].map(([name, column]) => this.#checked(checkpoint, name, column.data));
    const order = [...checkpoint.keys()];
    [...this.#columns.keys()].forEach((name, index) => {
      if (order[index] !== name) failRestore(`has "${order[index]}" where this model has "${name}"`);
    });
    [...this.#columns.values()].forEach((column, index) => {
      column.data = saved[index].slice();
    });
  }

  #checked(checkpoint: ColumnsCheckpoint, name: string, own: ColumnData): ColumnData {
    const saved = checkpoint.get(name);
    if (saved === undefined) failRestore(`lacks "${name}"`);
    if (saved.constructor !== own.constructor) {
      failRestore(`has "${name}" as ${saved.constructor.name}, this model as ${own.constructor.name}`);
    }
    if (saved.length !== own.length && !this.#growing.has(name)) {
      failRestore(`has ${saved.length} values in "${name}", this model ${own.length}`);
    }
    return saved;
  }

  #add<T extends ColumnData>(
    name: string,
    make: Constructor<T>,
    length: number,
    kind: ColumnLength,
  ): Column<T> {
    if (this.#columns.has(name)) throw new Error(`a column named "${name}" exists already`);
    if (kind === 'grows') this.#growing.add(name);
    const column: Column<T> = { data: new make(length) };
    this.#columns.set(name, column as unknown as Column<ColumnData>);
    return column;
  }
}

/** Makes a column at least `length` long, keeping its contents. */
export function growColumn<T extends ColumnData>(column: Column<T>, length: number): void {
  const grown = new (column.data.constructor as Constructor<T>)(length);
  grown.set(column.data as never);
  column.data = grown;
}

function failRestore(found: string): never {
  throw new Error(`restore: the checkpoint is of another model or version: it ${found}`);
}
