/**
 * Files that grow at their end, on disks, as a page cache sees them: how far each is on its disk. A file that never got a
 * byte has no row.
 *
 *   0 ........ clean ........ submitted ........ end
 *   on disk    |  being written  |  dirty        |
 */
import type { Columns, Float64Column, Int32Column } from '../kernel/columns.ts';
import { Table } from '../kernel/table.ts';

const FILES_MAX = 16_777_216;

export class CachedFiles {
  readonly #table: Table;
  readonly disk: Int32Column;
  readonly end: Float64Column;
  /** Bytes up to here are on the disk. */
  readonly clean: Float64Column;
  /** Bytes up to here are on the disk or on their way. */
  readonly submitted: Float64Column;
  /** When the file, clean before, was first written to. */
  readonly dirtiedNs: Float64Column;
  /** Neighbours in the disk's list of files that have dirty bytes, or -1. */
  readonly dirtyBefore: Int32Column;
  readonly dirtyAfter: Int32Column;
  /** The cached extent with the highest bytes, or -1. */
  readonly lastExtent: Int32Column;

  constructor(columns: Columns) {
    const table = new Table(columns, 'files', 16, FILES_MAX);
    this.#table = table;
    this.disk = table.int32('disk');
    this.end = table.float64('end');
    this.clean = table.float64('clean');
    this.submitted = table.float64('submitted');
    this.dirtiedNs = table.float64('dirtied');
    this.dirtyBefore = table.int32('dirty-before');
    this.dirtyAfter = table.int32('dirty-after');
    this.lastExtent = table.int32('last-extent');
  }

  /** A new file of that many bytes, all on the disk and none in the cache. */
  open(disk: number, bytes: number): number {
    const file = this.#table.take();
    this.disk.data[file] = disk;
    this.end.data[file] = bytes;
    this.clean.data[file] = bytes;
    this.submitted.data[file] = bytes;
    this.dirtiedNs.data[file] = 0;
    this.dirtyBefore.data[file] = -1;
    this.dirtyAfter.data[file] = -1;
    this.lastExtent.data[file] = -1;
    return file;
  }
}
