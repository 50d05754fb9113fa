/** Problems of OMB's files, named and placed as in those files, wherever they were found. */
import { dotted, Problems } from '../problems.ts';
import type { Setting } from '../set-option.ts';
import type { Path, YamlSource } from '../yaml-source.ts';

export interface OmbProblemsOptions {
  readonly source: YamlSource;
  readonly settings: readonly Setting[];
  /** Where in OMB's files something of the data comes from: the file (`workload` or `driver`), then its keys. */
  readonly place: (path: Path) => Path;
  /** What was found in the files before they became this data: nothing that follows from it is told again. */
  readonly before: Problems | null;
}

export class OmbProblems extends Problems {
  readonly #options: OmbProblemsOptions;
  readonly #told = new Set<string>();

  constructor(options: OmbProblemsOptions) {
    super(options.source, options.settings);
    this.#options = options;
  }

  /** One place of the files stands for many of the data, which are then all wrong in the same way. */
  override value(path: Path, message: string, followsFrom: readonly Path[] = []): void {
    const place = `${this.positionOf(path)} ${this.nameOf(path)}`;
    if (this.#told.has(place)) return;
    const before = this.lines.length;
    super.value(path, message, followsFrom);
    if (this.lines.length > before) this.#told.add(place);
  }

  override warning(path: Path, message: string): void {
    const line = `${this.positionOf(path)} ${message}`;
    if (!this.warnings.includes(line)) super.warning(path, message);
  }

  override nameOf(path: Path): string {
    if (this.positionOf(path).startsWith('--set ')) return super.nameOf(path);
    return dotted(this.#options.place(path).slice(1));
  }

  override isBroken(path: Path): boolean {
    return super.isBroken(path) || this.#options.before?.isBroken(this.#options.place(path)) === true;
  }
}
