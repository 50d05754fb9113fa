import { z } from 'zod';
import { scenarioSchema } from './schema.ts';

/** A part of a JSON Schema, as far as it is read here. */
export interface JsonSchemaNode {
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly additionalProperties?: JsonSchemaNode | boolean;
  readonly items?: JsonSchemaNode;
  readonly anyOf?: readonly JsonSchemaNode[];
}

let known: JsonSchemaNode | undefined;

/** JSON Schema (2020-12) of a scenario file, for editors and for `brokertwin schema`. */
export function scenarioJsonSchema(): JsonSchemaNode {
  known ??= jsonSchemaOf(scenarioSchema);
  return known;
}

/** JSON Schema of what a schema reads. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchemaNode {
  return z.toJSONSchema(schema, {
    io: 'input',
    // zod leaves defaults and examples out where a value is transformed, so they travel under names of their own.
    override({ jsonSchema }) {
      for (const key of ['default', 'examples'] as const) {
        const carried = jsonSchema[`x-${key}`];
        if (carried !== undefined) Object.assign(jsonSchema, { [key]: carried });
        delete jsonSchema[`x-${key}`];
      }
    },
  }) as JsonSchemaNode;
}

/** The part of a scenario's schema that describes the map or value at a path of the file; null where there is none. */
export function schemaAt(path: readonly (string | number)[]): JsonSchemaNode | null {
  return nodeAt(scenarioJsonSchema(), path);
}

/** The part of a schema that describes what is at a path; null where there is none. */
export function nodeAt(root: JsonSchemaNode, path: readonly (string | number)[]): JsonSchemaNode | null {
  let node: JsonSchemaNode | undefined = root;
  for (const segment of path) {
    node = childOf(node, segment);
    if (node === undefined) return null;
  }
  return node;
}

/** The keys that a map may have: listed ones of the schema, none when its keys are the user's own. */
export function keysOf(node: JsonSchemaNode | null): string[] {
  if (node === null) return [];
  return [...Object.keys(node.properties ?? {}), ...(node.anyOf ?? []).flatMap(keysOf)];
}

function childOf(node: JsonSchemaNode, segment: string | number): JsonSchemaNode | undefined {
  if (typeof segment === 'number' && node.items !== undefined) return node.items;
  const { properties, additionalProperties, anyOf } = node;
  if (properties !== undefined && Object.hasOwn(properties, segment)) return properties[segment];
  if (typeof additionalProperties === 'object') return additionalProperties;
  for (const alternative of anyOf ?? []) {
    const child = childOf(alternative, segment);
    if (child !== undefined) return child;
  }
  return undefined;
}
