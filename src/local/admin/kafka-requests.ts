/** Requests of Kafka's protocol that the library does not have. */
import { createAPI, type Reader, ResponseError, Writer } from '@platformatic/kafka';

export interface PartitionsOfTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface ElectLeadersAnswer {
  readonly errorCode: number;
  readonly results: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly errorMessage: string | null;
    }[];
  }[];
}

/** Kafka's numbers for the kinds of election. */
export const ELECTION_TYPE = { preferred: 0, unclean: 1 } as const;

/** ElectLeaders, version 2; `topics` null means all partitions, of which those that need no election are not answered. */
export const electLeadersV2 = createAPI<
  [electionType: number, topics: PartitionsOfTopic[] | null, timeoutMs: number],
  ElectLeadersAnswer
>(43, 2, electLeadersRequest, electLeadersAnswer);

function electLeadersRequest(
  electionType: number,
  topics: PartitionsOfTopic[] | null,
  timeoutMs: number,
): Writer {
  return Writer.create()
    .appendInt8(electionType)
    .appendArray(topics, (writer, { topic, partitions }) => {
      writer
        .appendString(topic)
        .appendArray([...partitions], (inner, partition) => inner.appendInt32(partition), true, false);
    })
    .appendInt32(timeoutMs)
    .appendTaggedFields();
}

function electLeadersAnswer(_id: number, key: number, version: number, reader: Reader): ElectLeadersAnswer {
  reader.readInt32();
  const errors: Record<string, [number, string | null]> = {};
  const errorCode = reader.readInt16();
  if (errorCode !== 0) errors[''] = [errorCode, null];
  const results = reader.readArray((topicReader) => {
    const topic = topicReader.readString();
    const partitions = topicReader.readArray((inner) => ({
      partition: inner.readInt32(),
      errorCode: inner.readInt16(),
      errorMessage: inner.readNullableString() ?? null,
    }));
    for (const found of partitions) {
      if (found.errorCode !== 0)
        errors[`${topic}-${found.partition}`] = [found.errorCode, found.errorMessage];
    }
    return { topic, partitions };
  });
  reader.readTaggedFields();
  const answer = { errorCode, results };
  if (Object.keys(errors).length > 0) throw new ResponseError(key, version, errors, answer);
  return answer;
}

export const DESCRIBE_CLUSTER_KEY = 60;
const ENDPOINT_BROKERS = 1;

export interface DescribeClusterAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly brokers: readonly {
    readonly brokerId: number;
    readonly host: string;
    readonly port: number;
    readonly rack: string | null;
    readonly fenced: boolean;
  }[];
}

/** DescribeCluster, version 2 (Kafka 4.0 and newer): fenced brokers are in the answer too. */
export const describeClusterV2 = createAPI<[], DescribeClusterAnswer>(
  DESCRIBE_CLUSTER_KEY,
  2,
  () =>
    Writer.create()
      .appendBoolean(false)
      .appendInt8(ENDPOINT_BROKERS)
      .appendBoolean(true)
      .appendTaggedFields(),
  describeClusterAnswer,
);

function describeClusterAnswer(
  _id: number,
  key: number,
  version: number,
  reader: Reader,
): DescribeClusterAnswer {
  reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readNullableString() ?? null;
  reader.readInt8();
  reader.readString();
  reader.readInt32();
  const brokers = reader.readArray((inner) => ({
    brokerId: inner.readInt32(),
    host: inner.readString(),
    port: inner.readInt32(),
    rack: inner.readNullableString() ?? null,
    fenced: inner.readBoolean(),
  }));
  reader.readInt32();
  reader.readTaggedFields();
  const answer = { errorCode, errorMessage, brokers };
  if (errorCode !== 0) throw new ResponseError(key, version, { '': [errorCode, errorMessage] }, answer);
  return answer;
}
