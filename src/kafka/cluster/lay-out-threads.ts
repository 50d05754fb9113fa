/** What it costs each kind of thread to be woken, and which threads work with the same. */
import type { WakeUpCpu } from '../../hardware/wake-ups.ts';
import type { Profile } from '../../profile/profile.ts';
import type { ThreadRole } from '../cluster-model.ts';
import { type Costs, javaCostsOf } from '../costs.ts';
import { NONE } from '../requests.ts';

/** Of a thread on a host with these costs. What the model has as one for several threads is woken for nothing. */
export function wakeUpCpuOf(role: ThreadRole['role'], costs: Costs, profile: Profile): WakeUpCpu {
  switch (role) {
    case 'network':
      return { switchNs: costs.networkWakeUpCpuNs, coldNs: costs.networkColdCpuNs };
    case 'handler':
      return { switchNs: costs.handlerWakeUpCpuNs, coldNs: costs.handlerColdCpuNs };
    case 'fetcher':
      return { switchNs: costs.handlerWakeUpCpuNs, coldNs: costs.fetcherColdCpuNs };
    case 'producer':
      return { switchNs: costs.producerWakeUpCpuNs, coldNs: costs.producerColdCpuNs };
    case 'consumer':
      return { switchNs: costs.consumerWakeUpCpuNs, coldNs: costs.consumerColdCpuNs };
    case 'javaApplication': {
      const { mainWakeUpCpuNs, mainColdCpuNs } = javaCostsOf(profile);
      return { switchNs: mainWakeUpCpuNs, coldNs: mainColdCpuNs };
    }
    case 'javaSender': {
      const { senderWakeUpCpuNs, senderColdCpuNs } = javaCostsOf(profile);
      return { switchNs: senderWakeUpCpuNs, coldNs: senderColdCpuNs };
    }
    case 'javaConsumer': {
      const { consumerWakeUpCpuNs, consumerColdCpuNs } = javaCostsOf(profile);
      return { switchNs: consumerWakeUpCpuNs, coldNs: consumerColdCpuNs };
    }
    default:
      return { switchNs: 0, coldNs: 0 };
  }
}

/**
 * The working set of every thread: those of a broker that do the same share one, each thread of a client has its own.
 *
 * @param brokerOf index of a thread's broker; NONE for those of clients
 */
export function workingSetsOf(
  threads: readonly ThreadRole[],
  brokerOf: (of: ThreadRole) => number,
): number[] {
  const numbers = new Map<string, number>();
  return threads.map((of, thread) => {
    const broker = brokerOf(of);
    const key = broker === NONE ? `${thread}` : `${of.role} of ${broker}`;
    const set = numbers.get(key) ?? numbers.size;
    numbers.set(key, set);
    return set;
  });
}
