/** Which versions of Produce and Fetch are spoken with a cluster: the newest that both sides know. */
import { EXIT, UserError } from '../errors/errors.ts';
import { FETCH_KEY, FETCH_VERSIONS } from './wire/fetch-request.ts';
import { PRODUCE_KEY, PRODUCE_VERSIONS } from './wire/produce-request.ts';

const SPOKEN = {
  Produce: { key: PRODUCE_KEY, ...PRODUCE_VERSIONS, since: '2.4' },
  Fetch: { key: FETCH_KEY, ...FETCH_VERSIONS, since: '3.1' },
} as const;

export type SpokenApi = keyof typeof SPOKEN;

/** What a broker says of one request. */
export interface ApiRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** @throws UserError (exit 3) when the broker and this program have no version in common */
export function versionWith(ranges: readonly ApiRange[], api: SpokenApi, bootstrapServers: string): number {
  const { key, oldest, newest, since } = SPOKEN[api];
  const range = ranges.find(({ apiKey }) => apiKey === key);
  const version = Math.min(newest, range?.maxVersion ?? -1);
  if (version >= oldest && version >= (range?.minVersion ?? 0)) {
    return version;
  }
  const found = range === undefined ? 'none' : `${range.minVersion} to ${range.maxVersion}`;
  throw new UserError(
    `${bootstrapServers}: expected a broker that speaks ${api} in one of the versions ${oldest} to ${newest} (Kafka ${since} or newer), found ${found}; drive a newer cluster`,
    EXIT.clusterUnreachable,
  );
}
