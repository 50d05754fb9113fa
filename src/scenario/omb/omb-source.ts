/** A workload file and a driver file of the OpenMessaging Benchmark, read as one source, with places in both. */
import { UserError } from '../../errors/errors.ts';
import { type PropertyLine, parseJavaProperties } from '../java-properties.ts';
import { type Path, readText, type YamlSource, yamlSource } from '../yaml-source.ts';

export interface OmbFiles {
  /** A workload, such as `workloads/1-topic-16-partitions-1kb.yaml`. */
  readonly workload: string;
  /** A driver of Kafka, such as `driver-kafka/kafka-latency.yaml`. */
  readonly driver: string;
}

/** Keys of a driver that hold Java properties. */
export const PROPERTY_BLOCKS = ['topicConfig', 'commonConfig', 'producerConfig', 'consumerConfig'] as const;
export type PropertyBlock = (typeof PROPERTY_BLOCKS)[number];

/**
 * Both files: `data` is `{ workload, driver }`, and so begin all paths. A property has a place of its own inside its
 * block: `['driver', 'producerConfig', 'linger.ms']`.
 */
export interface OmbSource extends YamlSource {
  readonly properties: Readonly<Record<PropertyBlock, readonly PropertyLine[]>>;
}

/** Offsets of the driver begin here, so that one number is a place in either file and the workload's come first. */
const DRIVER_OFFSET = 2 ** 40;

/** Throws one UserError when a file cannot be read, or is not YAML, with the lines of both. */
export function ombSource({ workload, driver }: OmbFiles): OmbSource {
  const faults: string[] = [];
  const read = (file: string, what: string, first: string): { text: string; source: YamlSource } | null => {
    try {
      const text = readText(file);
      const expected = {
        something: `${what}, found an empty file: begin with ${first}`,
        map: `${what}: a map with ${first} and more`,
      };
      return { text, source: yamlSource(text, file, expected) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      faults.push(...error.lines);
      return null;
    }
  };
  const load = read(workload, 'an OMB workload', 'topics:');
  const kafka = read(driver, 'an OMB driver', 'driverClass:');
  if (load === null || kafka === null) throw new UserError(faults);
  const blocks = propertyBlocks(kafka.source, kafka.text);
  const place = (path: Path, which: 'offsetOf' | 'keyOffsetOf'): number => {
    const [file, ...rest] = path;
    if (file !== 'driver') return load.source[which](rest);
    const [block, property] = rest;
    const inBlock = property === undefined ? undefined : blocks.offsets.get(`${block} ${property}`);
    return DRIVER_OFFSET + (inBlock ?? kafka.source[which](rest));
  };
  return {
    file: workload,
    data: { workload: load.source.data, driver: kafka.source.data },
    duplicates: [
      ...load.source.duplicates,
      ...kafka.source.duplicates.map(({ key, offset }) => ({ key, offset: offset + DRIVER_OFFSET })),
    ],
    properties: blocks.properties,
    offsetOf: (path) => place(path, 'offsetOf'),
    keyOffsetOf: (path) => place(path, 'keyOffsetOf'),
    position: (offset) =>
      offset < DRIVER_OFFSET ? load.source.position(offset) : kafka.source.position(offset - DRIVER_OFFSET),
  };
}

function propertyBlocks(
  source: YamlSource,
  text: string,
): { readonly properties: OmbSource['properties']; readonly offsets: ReadonlyMap<string, number> } {
  const offsets = new Map<string, number>();
  const propertiesOf = (block: PropertyBlock): readonly PropertyLine[] => {
    const value = source.data[block];
    if (typeof value !== 'string') return [];
    const properties = parseJavaProperties(value);
    const lines = lineOffsets(text, source.offsetOf([block]));
    for (const { key, line } of properties) offsets.set(`${block} ${key}`, lines(line));
    return properties;
  };
  return {
    properties: {
      topicConfig: propertiesOf('topicConfig'),
      commonConfig: propertiesOf('commonConfig'),
      producerConfig: propertiesOf('producerConfig'),
      consumerConfig: propertiesOf('consumerConfig'),
    },
    offsets,
  };
}

/**
 * Where each line of a scalar begins in the file. Only a literal block (`|`) has its lines as they are written; in any
 * other scalar all are at its beginning.
 */
function lineOffsets(text: string, offset: number): (line: number) => number {
  if (text[offset] !== '|') return () => offset;
  return (line) => {
    let start = offset;
    for (let passed = 0; passed <= line; passed++) start = text.indexOf('\n', start) + 1;
    return start + (/^[ \t]*/.exec(text.slice(start, start + 1000))?.[0].length ?? 0);
  };
}
