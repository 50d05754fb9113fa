/** Codecs that no profile of the scenario's hosts has costs for, and levels that none has. */
import { missingCodecCosts } from '../kafka/costs.ts';
import { CODECS, type Codec, type CodecLibrary } from '../profile/codec-costs.ts';
import type { Profile } from '../profile/profile.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Refusal } from './refusals.ts';

/** A codec that a scenario asks for, and who has to do with it. */
interface Use {
  readonly path: readonly string[];
  readonly codec: Codec;
  readonly users: readonly { readonly host: string; readonly library: CodecLibrary }[];
}

export function compressionRefusals(
  scenario: Scenario,
  profiles: Readonly<Record<string, Profile>>,
): Refusal[] {
  return usesOf(scenario).flatMap(({ path, codec, users }) => [
    ...levelRefusals(scenario, path, codec),
    ...users.flatMap(({ host, library }, index): Refusal[] => {
      const profile = profiles[host];
      const missing = missingCodecCosts(profile, library, codec);
      const isFirst = users.findIndex((one) => one.host === host && one.library === library) === index;
      if (missing.length === 0 || !isFirst) return [];
      const message = `${codec} needs costs that profile "${profile.name}" of host ${host} lacks: ${missing.join(', ')}; name a profile that has them, or use "none"`;
      return [{ path: [...path, 'compression.type'], message }];
    }),
  ]);
}

function usesOf(scenario: Scenario): Use[] {
  const around = (cluster: string, topics: readonly string[]): Use['users'] => [
    ...scenario.clusters
      .filter(({ name }) => name === cluster)
      .map(({ brokers }) => ({ host: brokers.host, library: 'java' as const })),
    ...scenario.consumers
      .filter((consumer) => consumer.cluster === cluster && consumer.topics.some((it) => topics.includes(it)))
      .map(({ host, client }) => ({ host, library: client })),
    ...scenario.mirrors
      .filter((mirror) => mirror.from === cluster && mirror.topics.some((it) => topics.includes(it)))
      .map(({ host, client }) => ({ host, library: client })),
  ];
  const use = (path: readonly string[], setting: string, users: Use['users']): Use[] => {
    const codec = CODECS.find((it) => it === setting);
    return codec === undefined ? [] : [{ path, codec, users }];
  };
  return [
    ...scenario.producers.flatMap(({ name, config, host, client, cluster, topics }) =>
      use(['producers', name, 'config'], config['compression.type'], [
        { host, library: client },
        ...around(cluster, topics),
      ]),
    ),
    ...scenario.mirrors.flatMap(({ name, producer, host, client, to, topics }) =>
      use(['mirrors', name, 'producer', 'config'], producer['compression.type'], [
        { host, library: client },
        ...around(to, topics),
      ]),
    ),
    ...scenario.topics.flatMap(({ name, config, cluster }) =>
      use(['topics', name, 'config'], config['compression.type'], around(cluster, [name])),
    ),
  ];
}

/** The costs are those of each codec's own level. */
function levelRefusals(scenario: Scenario, path: readonly string[], codec: Codec): Refusal[] {
  const level = `compression.${codec}.level`;
  const [section, name] = path;
  const stated =
    section === 'topics'
      ? scenario.topics.find((topic) => topic.name === name)?.stated
      : scenario.producers.find((producer) => section === 'producers' && producer.name === name)?.stated;
  if (stated === undefined || !Object.hasOwn(stated, level)) return [];
  const message = `no profile has the cost of ${codec} at other levels than its own; leave ${level} out`;
  return [{ path: [...path, level], message }];
}
