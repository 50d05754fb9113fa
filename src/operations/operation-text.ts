/** Operations in words, for timelines. */
import type { OperationBody } from './operation.ts';

const BITS = 8;
const MEGA = 1e6;
const MIB = 1_048_576;

/** One line such as `isolate broker 1 from broker 3, out`, without the operation's time and cluster. */
export function operationText(operation: OperationBody): string {
  const more = details(operation);
  return [operation.action, selectionText(operation), more].filter((part) => part !== '').join(' ');
}

function selectionText(operation: OperationBody): string {
  if ('brokers' in operation && operation.brokers !== undefined) return brokersText(operation.brokers);
  if ('zone' in operation && operation.zone !== undefined) return `zone ${operation.zone}`;
  if ('broker' in operation && operation.broker !== undefined) return brokersText([operation.broker]);
  return '';
}

function details(operation: OperationBody): string {
  switch (operation.action) {
    case 'restart':
      return operation.unclean ? 'uncleanly' : '';
    case 'isolate': {
      const { from, direction } = operation;
      const others = typeof from === 'string' ? from : brokersText(from);
      return `from ${others}${direction === 'both' ? '' : `, ${direction}`}`;
    }
    case 'limit':
      return [
        operation.nicBytesPerSecond === undefined ? [] : [`nic ${rate(operation.nicBytesPerSecond)}`],
        operation.cores === undefined ? [] : [`cores ${operation.cores}`],
      ]
        .flat()
        .join(', ');
    case 'fillLogDir':
      return `log dir ${operation.logDir} to ${operation.leaveBytes} B free`;
    case 'readOnlyLogDir':
    case 'repairLogDir':
      return `log dir ${operation.logDir}`;
    case 'slowDisk': {
      const { logDir, writeDelayMs, syncDelayMs, writeBytesPerSecond } = operation;
      const where = logDir === undefined ? 'all log dirs' : `log dir ${logDir}`;
      const limit = writeBytesPerSecond === 'none' ? 'none' : `${round(writeBytesPerSecond / MIB)} MiB/s`;
      return `${where}: write ${writeDelayMs} ms, sync ${syncDelayMs} ms, rate ${limit}`;
    }
    case 'set': {
      const owner = operation.topic === undefined ? '' : `topic ${operation.topic} `;
      const config = Object.entries(operation.config).map(([name, value]) => `${name}=${value ?? 'default'}`);
      return `${owner}${config.join(', ')}`;
    }
    case 'reassign': {
      const { topic, partition, replicas, throttleBytesPerSecond: throttle } = operation;
      const limit = throttle === undefined ? '' : ` at ${round(throttle / MIB)} MiB/s`;
      return `${topic}-${partition} to ${replicas.join(', ')}${limit}`;
    }
    case 'elect': {
      const { topic, partition, unclean } = operation;
      const where = topic === undefined ? 'all' : `${topic}${partition === undefined ? '' : `-${partition}`}`;
      return `${where} ${unclean ? 'uncleanly' : 'preferred'}`;
    }
    case 'upgrade':
      return `to ${operation.kafka}`;
    default:
      return '';
  }
}

function brokersText(ids: readonly number[]): string {
  return `${ids.length === 1 ? 'broker' : 'brokers'} ${ids.join(', ')}`;
}

function rate(bytesPerSecond: number | 'none'): string {
  return bytesPerSecond === 'none' ? 'none' : `${round((bytesPerSecond * BITS) / MEGA)} Mbit/s`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
