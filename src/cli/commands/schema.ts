import { EXIT } from '../../errors/errors.ts';
import { defineCommand } from '../command.ts';

export const schema = defineCommand({
  usage: 'schema',
  describe: "Print the JSON Schema of scenario files, for editors' completion",
  examples: [
    [
      'schema > scenario.json',
      'then name it in the first line: # yaml-language-server: $schema=scenario.json',
    ],
  ],
  options: {},
  run: async () => {
    const { scenarioJsonSchema } = await import('../../scenario/json-schema.ts');
    const json = scenarioJsonSchema();
    return { exitCode: EXIT.good, json, text: JSON.stringify(json, null, 2) };
  },
});
