/** A single operation as text, as on the command line: `kill: {broker: 2}`, `isolate: {broker: 1, from: 3}`. */
import { UserError } from '../errors/errors.ts';
import type { OperationBody } from '../operations/operation.ts';
import { checkOperation } from './check-operation.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { Problems } from './problems.ts';
import { resolveOperation, statedOperation } from './resolve-operation.ts';
import { operation } from './schema-operations.ts';
import { validate } from './validate.ts';
import { yamlSource } from './yaml-source.ts';

const OPERATION = { schema: operation, json: () => jsonSchemaOf(operation), standIns: {} };

const EXAMPLE = 'an operation such as kill: {broker: 2}';
const EXPECTED = { something: `${EXAMPLE}, found nothing`, map: EXAMPLE };

/** The facts are the cluster's own: nothing of a file is broken that they follow from. */
const NO_ORIGINS = { brokers: [], controllers: [], zones: [], logDirs: [] };

/**
 * Reads one operation, by the grammar of a scenario's timeline, on a cluster that has these nodes. Topics are not
 * checked. Throws one UserError with a line for every problem, with its position in the text (`operation:1:7 ...`).
 */
export function parseOperation(text: string, facts: ClusterFacts): OperationBody {
  const source = yamlSource(text, 'operation', EXPECTED);
  const problems = new Problems(source, []);
  const stated = statedOperation(validate(source.data, OPERATION, problems), [], problems);
  const body = stated === null ? null : resolveOperation(stated, problems);
  if (stated !== null) checkOperation(stated, { facts, origins: NO_ORIGINS, problems });
  if (body === null || problems.lines.length > 0) throw new UserError(problems.lines);
  return body;
}
