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

/** A checkpoint: the contents of every column by name. Plain data. */
export type ColumnsCheckpoint = ReadonlyMap<string, ColumnData>;

export class Columns {
  readonly #columns = new Map<string, Column<ColumnData>>();

  float64(name: string, length: number): Float64Column {
    return this.#add(name, Float64Array, length);
  }
  int32(name: string, length: number): Int32Column {
    return this.#add(name, Int32Array, length);
  }
  uint32(name: string, length: number): Uint32Column {
    return this.#add(name, Uint32Array, length);
  }
  uint16(name: string, length: number): Uint16Column {
    return this.#add(name, Uint16Array, length);
  }
  uint8(name: string, length: number): Uint8Column {
    return this.#add(name, Uint8Array, length);
  }

  /** A copy of every column. */
  checkpoint(): ColumnsCheckpoint {
    const copy = new Map<string, ColumnData>();
    for (const [name, column] of this.#columns) copy.set(name, column.data.slice());
    return copy;
  }

  /**
   * Puts the contents of a checkpoint back.
   * @throws Error when the checkpoint's columns are not this registry's (another model or version)
   */
  restore(checkpoint: ColumnsCheckpoint): void {
    for (const name of checkpoint.keys()) {
      if (!this.#columns.has(name))
        throw new Error(`checkpoint has a column "${name}" that this model does not have`);
    }
    for (const [name, column] of this.#columns) {
      const saved = checkpoint.get(name);
      if (saved === undefined) throw new Error(`checkpoint lacks the column "${name}"`);
      if (saved.constructor !== column.data.constructor) {
        throw new Error(`checkpoint's column "${name}" is of another type`);
      }
      column.data = saved.slice();
    }
  }

  #add<T extends ColumnData>(name: string, constructor: Constructor<T>, length: number): Column<T> {
    if (this.#columns.has(name)) throw new Error(`a column named "${name}" exists already`);
    const column: Column<T> = { data: new constructor(length) };
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
