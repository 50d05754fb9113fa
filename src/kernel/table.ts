/**
 * A table of rows in columns with a free list: rows are taken and given back without allocation; all columns double
 * together, up to a limit.
 *
 *   row         0     1     2     3 ...
 *   next free   -     3     -     -1      rows 1 and 3 are free, 1 is taken next
 *   (columns of the owner) ...
 */
import {
  type Column,
  type Columns,
  type Float64Column,
  growColumn,
  type Int32Column,
  type Uint8Column,
  type Uint16Column,
  type Uint32Column,
} from './columns.ts';

const FREE_HEAD = 0;
const TOP = 1;
const USED = 2;
const NONE = -1;

export class Table {
  readonly #columns: Columns;
  readonly #name: string;
  readonly #limit: number;
  readonly #mine: Column<never>[] = [];
  readonly #next: Int32Column;
  readonly #state: Int32Array;

  /**
   * @param name unique in the registry; the table's columns are named `name/column`
   * @param rows capacity to begin with
   * @param limit most rows ever; taking one more is an error that names the table
   */
  constructor(columns: Columns, name: string, rows: number, limit: number) {
    this.#columns = columns;
    this.#name = name;
    this.#limit = limit;
    this.#next = columns.int32(`${name}/next`, Math.min(rows, limit), 'grows');
    this.#state = columns.int32(`${name}/state`, 3).data;
    this.#state[FREE_HEAD] = NONE;
  }

  float64(name: string): Float64Column {
    return this.#own(this.#columns.float64(`${this.#name}/${name}`, this.#next.data.length, 'grows'));
  }
  int32(name: string): Int32Column {
    return this.#own(this.#columns.int32(`${this.#name}/${name}`, this.#next.data.length, 'grows'));
  }
  uint32(name: string): Uint32Column {
    return this.#own(this.#columns.uint32(`${this.#name}/${name}`, this.#next.data.length, 'grows'));
  }
  uint16(name: string): Uint16Column {
    return this.#own(this.#columns.uint16(`${this.#name}/${name}`, this.#next.data.length, 'grows'));
  }
  uint8(name: string): Uint8Column {
    return this.#own(this.#columns.uint8(`${this.#name}/${name}`, this.#next.data.length, 'grows'));
  }

  /** Rows in use. */
  get used(): number {
    return this.#state[USED];
  }

  /** Rows that were ever in use: 0 to this, exclusive. */
  get top(): number {
    return this.#state[TOP];
  }

  /** Takes a row; its columns hold whatever the row's last user left. */
  take(): number {
    const state = this.#state;
    const free = state[FREE_HEAD];
    if (free !== NONE) {
      state[FREE_HEAD] = this.#next.data[free];
      state[USED] += 1;
      return free;
    }
    const row = state[TOP];
    if (row === this.#next.data.length) this.#grow();
    state[TOP] = row + 1;
    state[USED] += 1;
    return row;
  }

  /** Gives a row back. */
  give(row: number): void {
    const state = this.#state;
    state[USED] -= 1;
    this.#next.data[row] = state[FREE_HEAD];
    state[FREE_HEAD] = row;
  }

  #own<T extends Column<never> | Float64Column | Int32Column | Uint32Column | Uint16Column | Uint8Column>(
    column: T,
  ): T {
    this.#mine.push(column as Column<never>);
    return column;
  }

  #grow(): void {
    const rows = this.#next.data.length;
    if (rows >= this.#limit) {
      throw new RangeError(`table "${this.#name}" is full: ${this.#limit} rows are its limit`);
    }
    const grown = Math.min(Math.max(1, rows * 2), this.#limit);
    growColumn(this.#next, grown);
    for (const column of this.#mine) growColumn(column, grown);
  }
}
