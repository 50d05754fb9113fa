/**
 * The sidecar of a topic class: a CSV file with the columns `topic,partition,replicas,rate`, one line per partition.
 * `replicas` are broker ids with `;` between, leader first; `rate` is a record rate such as 120/s, or empty.
 */
import { UserError } from '../errors/errors.ts';
import { suggestion } from './nearest.ts';
import type { PartitionPlacement, TopicClass } from './scenario.ts';
import { isTopicOf } from './topic-names.ts';
import { parseRate, show } from './units.ts';
import { readText } from './yaml-source.ts';

const COLUMNS = ['topic', 'partition', 'replicas', 'rate'] as const;
const PROBLEMS_SHOWN_MAX = 20;

type PlacedTopic = Pick<TopicClass, 'name' | 'count' | 'partitions' | 'replicationFactor'>;

/** Reads a placement file. Throws a UserError with `file:line:column` for each mistake in it. */
export function readPlacement(
  file: string,
  where: string,
  topic: PlacedTopic,
  brokers: ReadonlySet<number>,
): PartitionPlacement[] {
  const lines = readText(file, where).split(/\r?\n/);
  if (lines[0].trim() !== COLUMNS.join(',')) {
    throw new UserError(`${file}:1:1 expected the header ${COLUMNS.join(',')}, found ${show(lines[0])}`);
  }
  const problems: string[] = [];
  const placements: PartitionPlacement[] = [];
  const seen = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const row = new Row(file, index + 1, line);
    const placement = readRow(row, topic, brokers);
    const key = `${placement.topic} ${placement.partition}`;
    const first = seen.get(key);
    if (first !== undefined)
      row.problem('topic', `partition placed twice, first in line ${first}: remove one`);
    seen.set(key, index + 1);
    problems.push(...row.problems);
    placements.push(placement);
  }
  if (problems.length > 0) {
    const more = problems.length - PROBLEMS_SHOWN_MAX;
    throw new UserError([
      ...problems.slice(0, PROBLEMS_SHOWN_MAX),
      ...(more > 0 ? [`${file}:1:1 and ${more} more problems`] : []),
    ]);
  }
  return placements;
}

class Row {
  readonly problems: string[] = [];
  readonly #file: string;
  readonly #line: number;
  readonly #cells: readonly string[];

  constructor(file: string, line: number, text: string) {
    this.#file = file;
    this.#line = line;
    this.#cells = text.split(',');
    if (this.#cells.length !== COLUMNS.length) {
      this.problems.push(
        `${file}:${line}:1 expected ${COLUMNS.length} columns ${COLUMNS.join(',')}, found ${this.#cells.length}`,
      );
    }
  }

  cell(column: (typeof COLUMNS)[number]): string {
    return (this.#cells[COLUMNS.indexOf(column)] ?? '').trim();
  }

  problem(column: (typeof COLUMNS)[number], message: string): void {
    if (this.#cells.length !== COLUMNS.length) return;
    const before = this.#cells.slice(0, COLUMNS.indexOf(column));
    const offset = before.reduce((length, cell) => length + cell.length + 1, 1);
    this.problems.push(`${this.#file}:${this.#line}:${offset} ${message}`);
  }
}

function readRow(row: Row, topic: PlacedTopic, brokers: ReadonlySet<number>): PartitionPlacement {
  const name = row.cell('topic');
  if (!isTopicOf(topic, name)) row.problem('topic', `expected a topic of ${topic.name}, found ${show(name)}`);
  const partition = wholeNumber(row.cell('partition'));
  if (!(partition < topic.partitions)) {
    row.problem(
      'partition',
      `expected a partition from 0 to ${topic.partitions - 1}, found ${show(row.cell('partition'))}`,
    );
  }
  return {
    topic: name,
    partition,
    replicas: readReplicas(row, topic, brokers),
    recordsPerSecond: readRate(row),
  };
}

function readReplicas(row: Row, topic: PlacedTopic, brokers: ReadonlySet<number>): number[] {
  const written = row.cell('replicas').split(';');
  const replicas = written.map((id) => wholeNumber(id.trim()));
  const unknown = written.find((_, index) => !brokers.has(replicas[index]));
  if (unknown !== undefined) {
    row.problem('replicas', `unknown broker "${unknown}"${suggestion(unknown, [...brokers].map(String))}`);
  } else if (new Set(replicas).size !== replicas.length) {
    row.problem('replicas', `expected different brokers, found ${show(row.cell('replicas'))}`);
  } else if (replicas.length !== topic.replicationFactor) {
    row.problem(
      'replicas',
      `expected ${topic.replicationFactor} replicas as in replication.factor, found ${replicas.length}`,
    );
  }
  return replicas;
}

function readRate(row: Row): number | null {
  if (row.cell('rate') === '') return null;
  const rate = parseRate(row.cell('rate'));
  if ('value' in rate) return rate.value;
  row.problem('rate', rate.problem);
  return null;
}

/** NaN for anything else. */
function wholeNumber(written: string): number {
  return /^\d+$/.test(written) ? Number(written) : Number.NaN;
}
