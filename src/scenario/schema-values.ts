/** The kinds of values in a scenario file, each read by its grammar and described to editors by a JSON Schema. */
import { z } from 'zod';
import {
  KAFKA_LINES,
  type KafkaLine,
  notOneOf,
  type Property,
  type PropertyTable,
  parseProperty,
  plainText,
  type Values,
} from './kafka-property.ts';
import {
  type Parsed,
  parseByteRate,
  parseBytes,
  parseCount,
  parseDurationMs,
  parseNumber,
  parseRate,
  show,
} from './units.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** One value: `parse` reads it, `json` tells editors what it may look like. */
export function scalar<Value>(parse: (input: unknown) => Parsed<Value>, json: JsonSchema) {
  return z
    .unknown()
    .transform((input, context): Value => {
      const parsed = parse(input);
      if ('value' in parsed) return parsed.value;
      context.addIssue({ code: 'custom', message: parsed.problem });
      return z.NEVER;
    })
    .meta(json);
}

export function bounded(
  parse: (input: unknown) => Parsed<number>,
  { from, above, to }: { readonly from?: number; readonly above?: number; readonly to?: number },
) {
  return (input: unknown): Parsed<number> => {
    const parsed = parse(input);
    if ('problem' in parsed) return parsed;
    if (from !== undefined && parsed.value < from) {
      return { problem: `expected at least ${from}, found ${show(input)}` };
    }
    if (above !== undefined && parsed.value <= above) {
      return { problem: `expected more than ${above}, found ${show(input)}` };
    }
    if (to !== undefined && parsed.value > to) {
      return { problem: `expected at most ${to}, found ${show(input)}` };
    }
    return parsed;
  };
}

export const withUnit = (description: string, ...examples: string[]) => ({
  type: 'string',
  description,
  'x-examples': examples,
});
export const duration = (description: string, ...examples: string[]) =>
  scalar(parseDurationMs, withUnit(description, ...examples));
export const positiveDuration = (description: string, ...examples: string[]) =>
  scalar(bounded(parseDurationMs, { above: 0 }), withUnit(description, ...examples));
export const bytes = (description: string, ...examples: string[]) =>
  scalar(parseBytes, withUnit(description, ...examples));
export const positiveBytes = (description: string, ...examples: string[]) =>
  scalar(bounded(parseBytes, { above: 0 }), withUnit(description, ...examples));
export const positiveByteRate = (description: string, ...examples: string[]) =>
  scalar(bounded(parseByteRate, { above: 0 }), withUnit(description, ...examples));
export const positiveRate = (description: string, ...examples: string[]) =>
  scalar(bounded(parseRate, { above: 0 }), withUnit(description, ...examples));
export const positiveCount = (description: string) =>
  scalar(bounded(parseCount, { from: 1 }), { type: ['integer', 'string'], description });
export const countFromZero = (description: string) =>
  scalar(parseCount, { type: ['integer', 'string'], description });
export const positiveNumber = (description: string) =>
  scalar(bounded(parseNumber, { above: 0 }), { type: 'number', description });

export const oneOf = <const Choice extends string>(choices: readonly Choice[], description: string) =>
  scalar<Choice>(
    (input) => {
      const found = choices.find((choice) => choice === input);
      return found === undefined ? { problem: notOneOf(choices, input) } : { value: found };
    },
    { enum: choices, description },
  );

export const freeText = (description: string) =>
  scalar<string>(
    (input) =>
      typeof input === 'string' && input.trim() !== ''
        ? { value: input.trim() }
        : { problem: `expected text, found ${show(input)}` },
    { type: 'string', description },
  );

export const flag = (description: string) =>
  scalar<boolean>(
    (input) =>
      typeof input === 'boolean'
        ? { value: input }
        : { problem: `expected true or false, found ${show(input)}` },
    { type: 'boolean', description },
  );

export function pattern(what: string, shape: RegExp) {
  return (input: unknown): Parsed<string> => {
    const written = typeof input === 'number' ? String(input) : input;
    return typeof written === 'string' && shape.test(written)
      ? { value: written }
      : { problem: `expected ${what}, found ${show(input)}` };
  };
}

export const NAME = { what: 'a name of letters, digits, - and _', shape: /^[A-Za-z0-9][A-Za-z0-9_-]*$/ };
export const TOPIC_NAME = {
  what: 'a topic name of letters, digits, . - _, with one * to number the topics of a class',
  shape: /^(?!\.{1,2}$)(?!__)[A-Za-z0-9._*-]{1,249}$/,
};

export const name = (description: string) =>
  scalar(pattern(NAME.what, NAME.shape), { type: ['string', 'integer'], description });
export const topicName = scalar(pattern(TOPIC_NAME.what, TOPIC_NAME.shape), {
  type: ['string', 'integer'],
  description: 'Name of a topic, or of a class of topics, under topics:',
});

/** A map from names of the user's own to entries of one shape. */
export function named<Entry extends z.ZodType>(kind: typeof NAME, entry: Entry, description: string) {
  const key = z.string().regex(kind.shape, { error: `expected ${kind.what}` });
  return z.record(key, entry).meta({ description });
}

export const listOf = <Item extends z.ZodType>(item: Item, description: string) =>
  z.array(item).meta({ description });

const SHOWN_AS_JSON: Readonly<Record<Property<unknown>['kind'], JsonSchema>> = {
  count: { type: ['integer', 'string'] },
  ratio: { type: ['number', 'string'] },
  bytes: { type: ['integer', 'string'] },
  'bytes/s': { type: ['integer', 'string'] },
  ms: { type: ['integer', 'string'] },
  seconds: { type: ['integer', 'string'] },
  minutes: { type: ['integer', 'string'] },
  hours: { type: ['integer', 'string'] },
  boolean: { type: ['boolean', 'string'] },
  choice: {},
  text: { type: ['string', 'number'] },
  list: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
};

function propertyJson(property: Property<unknown>): JsonSchema {
  const shown = (value: unknown) => plainText(property, value) || 'unset';
  const older = Object.entries(property.earlier ?? {}).map(([line, value]) => `${line}: ${shown(value)}`);
  const absent = property.absentIn === undefined ? [] : [`not in ${property.absentIn.join(', ')}`];
  const unit = property.kind === 'choice' || property.kind === 'text' ? [] : [property.kind];
  const numbers = Object.keys(property.aliases ?? {})
    .concat(property.choices ?? [])
    .filter((it) => /^-?\d+$/.test(it));
  return {
    ...SHOWN_AS_JSON[property.kind],
    ...(property.kind === 'choice' ? { enum: [...(property.choices ?? []), ...numbers.map(Number)] } : {}),
    ...(property.value === null ? {} : { 'x-default': property.value }),
    description: [`Kafka's default: ${shown(property.value)}`, ...older, ...absent, ...unit].join('; '),
  };
}

/** Kafka's properties of one kind, each optional, no others. */
export function kafkaConfig<Table extends PropertyTable>(table: Table, description: string) {
  const shape = Object.fromEntries(
    Object.entries(table).map(([key, property]) => [
      key,
      scalar((input) => parseProperty(property, input), propertyJson(property)).optional(),
    ]),
  );
  return (
    z
      .strictObject(shape)
      .meta({ description })
      .optional()
      // Each value was read by its own property, so it has that property's type.
      .transform((stated) => (stated ?? {}) as Partial<Values<Table>>)
  );
}

/** The version that a cluster runs when it states none. */
export const DEFAULT_KAFKA = '4.3.1';

/** The release line of a full version. */
export function kafkaLineOf(version: string): KafkaLine | undefined {
  return KAFKA_LINES.find((line) => version.startsWith(`${line}.`));
}

export const kafkaVersion = (description: string) =>
  scalar<string>(
    (input) =>
      typeof input === 'string' && /^\d+\.\d+\.\d+$/.test(input) && kafkaLineOf(input) !== undefined
        ? { value: input }
        : {
            problem: `expected a full version of Kafka ${KAFKA_LINES.join(', ')} such as ${DEFAULT_KAFKA}, found ${show(input)}`,
          },
    { type: 'string', description },
  );
