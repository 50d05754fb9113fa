/**
 * What can be done to a cluster, as data: faults, their undoing, and the operations of every day. A scenario's timeline and
 * the command line give the same operations, and either arm carries them out by its own executors.
 */

/**
 * Brokers by id, or all brokers of a zone. What is done to processes (kill, pause, continue, start, stop, restart) may also
 * name separate controllers by their ids.
 */
export type BrokerSelection =
  | { readonly brokers: readonly number[]; readonly zone?: never }
  | { readonly zone: string; readonly brokers?: never };

/** No selection: all brokers are meant. */
interface AllBrokers {
  readonly brokers?: never;
  readonly zone?: never;
}

/** What a set of brokers is cut off from: other brokers, all controllers, all client machines, or everything. */
export type Counterpart = readonly number[] | 'controllers' | 'clients' | 'everything';

/** Which packets between the two sides are lost; `out`: those that the selected brokers send. */
export type Direction = 'both' | 'out' | 'in';

/** A limit in its unit, or none at all. */
export type Limit = number | 'none';

export type OperationBody =
  /** SIGKILL. The page cache survives. */
  | ({ readonly action: 'kill' } & BrokerSelection)
  /** The machine loses power: what was not synced is gone. */
  | ({ readonly action: 'powerLoss' } & BrokerSelection)
  /** SIGSTOP: connections stay open, nothing answers. */
  | ({ readonly action: 'pause' } & BrokerSelection)
  | ({ readonly action: 'continue' } & BrokerSelection)
  | ({ readonly action: 'start' } & BrokerSelection)
  /** Controlled shutdown. */
  | ({ readonly action: 'stop' } & BrokerSelection)
  /** Controlled shutdown (unclean: SIGKILL), then start. */
  | ({ readonly action: 'restart'; readonly unclean: boolean } & BrokerSelection)
  | ({
      readonly action: 'isolate';
      readonly from: Counterpart;
      readonly direction: Direction;
    } & BrokerSelection)
  /** Ends what `isolate` and `zoneLoss` cut. */
  | ({ readonly action: 'heal' } & (BrokerSelection | AllBrokers))
  /** All brokers of the zone are killed and cut off. */
  | { readonly action: 'zoneLoss'; readonly zone: string }
  /** New limits of the brokers' machines; what is left out stays as it is. */
  | ({
      readonly action: 'limit';
      readonly nicBytesPerSecond?: Limit;
      readonly cores?: Limit;
    } & BrokerSelection)
  /** Fills a log dir (numbered from 1) until so much is free. */
  | ({
      readonly action: 'fillLogDir';
      readonly logDir: number;
      readonly leaveBytes: number;
    } & BrokerSelection)
  | ({ readonly action: 'readOnlyLogDir'; readonly logDir: number } & BrokerSelection)
  /** Ends fillLogDir and readOnlyLogDir; a broker that had taken the dir offline is restarted for it. */
  | ({ readonly action: 'repairLogDir'; readonly logDir: number } & BrokerSelection)
  /** Slows the log dir's writes and syncs (all log dirs when none is named); zeros and 'none' end it. */
  | ({
      readonly action: 'slowDisk';
      readonly logDir?: number;
      readonly writeDelayMs: number;
      readonly syncDelayMs: number;
      readonly writeBytesPerSecond: Limit;
    } & BrokerSelection)
  /** Changes properties of a topic, of a broker, or of all brokers; null takes a property back to its default. */
  | {
      readonly action: 'set';
      readonly topic?: string;
      readonly broker?: number;
      readonly config: Readonly<Record<string, string | null>>;
    }
  | {
      readonly action: 'reassign';
      readonly topic: string;
      readonly partition: number;
      /** Leader first. */
      readonly replicas: readonly number[];
      readonly throttleBytesPerSecond?: number;
    }
  /** Preferred leaders, or (unclean) any live replica where there is no leader. */
  | {
      readonly action: 'elect';
      readonly topic?: string;
      readonly partition?: number;
      readonly unclean: boolean;
    }
  | { readonly action: 'rollingRestart'; readonly waitMs: number }
  | { readonly action: 'upgrade'; readonly kafka: string; readonly waitMs: number }
  | { readonly action: 'addBroker'; readonly broker: number }
  /** Its partitions move elsewhere, then it stops and is forgotten. */
  | { readonly action: 'removeBroker'; readonly broker: number };

export type Action = OperationBody['action'];

/** An entry of a scenario's timeline. A topic is named as the scenario names its class, or is a single one of the class. */
export type TimedOperation = OperationBody & {
  /** Name of the cluster's template; `instance` counts the clusters of one template from 1. */
  readonly cluster: string;
  readonly instance: number;
  /** From the start of the measured part of each phase. */
  readonly atMs: number;
};
