/** Every problem found in a scenario, with its place; what is known to be broken is not reported a second time. */
import type { Setting } from './set-option.ts';
import type { Path, YamlSource } from './yaml-source.ts';

/** Collects problems, which stop the run, and warnings, which do not. */
export class Problems {
  readonly warnings: string[] = [];
  readonly #source: YamlSource;
  readonly #settings: readonly Setting[];
  readonly #lines = new Map<string, number>();
  readonly #broken = new Set<string>();
  readonly #withUnknownKeys = new Set<string>();
  #original: (path: Path) => Path = (path) => path;

  constructor(source: YamlSource, settings: readonly Setting[]) {
    this.#source = source;
    this.#settings = settings;
    for (const { offset, key } of source.duplicates) {
      this.#lines.set(
        `${source.position(offset)} duplicate key "${key}", expected it once: remove one`,
        offset,
      );
    }
  }

  /** All lines, in the order of the file, those of `--set` last. */
  get lines(): string[] {
    return Problems.linesOf([this]);
  }

  /** All lines of what was found in several readings of one source. */
  static linesOf(all: readonly Problems[]): string[] {
    const lines = new Map(all.flatMap((one) => [...one.#lines]));
    return [...lines].sort(([, a], [, b]) => a - b).map(([line]) => line);
  }

  /** From here on paths are those of a copy of the data from which list entries are gone. */
  translate(original: (path: Path) => Path): void {
    this.#original = original;
  }

  /** A problem with the value at `path`, unless it, or something that it follows from, is already known to be broken. */
  value(copyPath: Path, message: string, followsFrom: readonly Path[] = []): void {
    if ([copyPath, ...followsFrom].some((it) => this.isBroken(it))) return;
    const path = this.#original(copyPath);
    const place = path.length === 0 ? '' : `${this.nameOf(copyPath)}: `;
    this.#add(path, this.#source.offsetOf(path), `${place}${message}`);
    this.#broken.add(JSON.stringify(path));
  }

  /** A problem with the key at the end of `path`. */
  key(copyPath: Path, message: string, followsFrom: readonly Path[] = []): void {
    if ([copyPath, ...followsFrom].some((it) => this.isBroken(it))) return;
    const path = this.#original(copyPath);
    this.#add(path, this.#source.keyOffsetOf(path), message);
  }

  /** A problem that already says where it is, such as in a file beside the scenario. */
  elsewhere(path: Path, line: string): void {
    this.#lines.set(line, this.#source.offsetOf(path));
  }

  setting(text: string, message: string): void {
    this.#lines.set(`--set ${text} ${message}`, Number.MAX_SAFE_INTEGER);
  }

  warning(path: Path, message: string): void {
    this.warnings.push(`${this.positionOf(path)} ${message}`);
  }

  /** The place as a reader would name it. */
  nameOf(copyPath: Path): string {
    return dotted(this.#original(copyPath));
  }

  /** From here on nothing that follows from this place is reported. */
  markBroken(path: Path): void {
    this.#broken.add(JSON.stringify(path));
  }

  /** A key of this map is not known: whatever seems to be missing there may be what it stands for. */
  markUnknownKey(path: Path): void {
    this.#withUnknownKeys.add(JSON.stringify(path));
  }

  hasUnknownKey(copyPath: Path): boolean {
    return this.#withUnknownKeys.has(JSON.stringify(this.#original(copyPath)));
  }

  isBroken(copyPath: Path): boolean {
    const path = this.#original(copyPath);
    return path.some((_, index) => this.#broken.has(JSON.stringify(path.slice(0, index + 1))));
  }

  /** Whether anything below this place of the data, or a place above it, is broken. */
  isBrokenInside(copyPath: Path): boolean {
    const beginning = JSON.stringify(this.#original(copyPath)).slice(0, -1);
    return this.isBroken(copyPath) || [...this.#broken].some((broken) => broken.startsWith(`${beginning},`));
  }

  /** `file:line:column`, or the `--set` that a value comes from. */
  positionOf(path: Path): string {
    const setting = this.#settingOf(path);
    return setting === undefined
      ? this.#source.position(this.#source.offsetOf(path))
      : `--set ${setting.text}`;
  }

  #add(path: Path, offset: number, message: string): void {
    const setting = this.#settingOf(path);
    if (setting === undefined) this.#lines.set(`${this.#source.position(offset)} ${message}`, offset);
    else this.setting(setting.text, message);
  }

  /** The last setting that gave the value, or that made the part of the file where it is missing. */
  #settingOf(path: Path): Setting | undefined {
    const direct = this.#settings.findLast((setting) => startsWith(path, setting.path));
    if (direct !== undefined) return direct;
    const made = path.findIndex((_, depth) => !isIn(this.#source.data, path.slice(0, depth + 1)));
    if (made === -1) return undefined;
    // What the file does not have was made by a setting below it, or is simply missing.
    return this.#settings.findLast((setting) => startsWith(setting.path, path.slice(0, made + 1)));
  }
}

/** A path as a reader would say it: `producers.checkout.config.linger.ms`, `operations[0].kill`. */
export function dotted(path: Path): string {
  return path.reduce<string>(
    (text, segment) =>
      typeof segment === 'number' ? `${text}[${segment}]` : text === '' ? segment : `${text}.${segment}`,
    '',
  );
}

function startsWith(path: Path, beginning: Path): boolean {
  return beginning.every((segment, index) => path[index] === segment);
}

function isIn(data: unknown, path: Path): boolean {
  let value = data;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return false;
    value = Reflect.get(value, segment);
  }
  return true;
}
