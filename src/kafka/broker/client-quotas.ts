/**
 * Client quotas: what a broker does with clients that go beyond their rate.
 *
 * What:    bytes of produce requests, bytes of responses to consumers' fetches, and the time of the broker's threads are
 *          counted for each client on each broker. Beyond the quota the response goes out at once and the client's channel
 *          stays muted for the throttle time: what it sends waits in its socket. A fetch that is throttled is answered
 *          without records, its bytes are not counted, and no response has more than a full window may have.
 * Formula: O = sum over the last n windows / W,  W = since the oldest of them began, with a window for each whole one
 *          that there is not, of n - 1 (sampled-stats.ts)
 *          throttle time = (O - T) / T * W;  for request_percentage at most one window, T in seconds of a thread per 100 s
 *          response of a fetch <= T * (n - 1) windows
 *          n = quota.window.num, windows of quota.window.size.seconds
 * Units:   bytes, ns; rates per second.
 * Source:  ClientQuotaManager.scala, ClientRequestQuotaManager.scala, QuotaUtils.java, Rate.java, KafkaApis.scala
 *          (handleProduceRequest, handleFetchRequest), KIP-219.
 * Range:   a quota is of each client, which has an id of its own, counted where its connection ends: its group's requests
 *          have one beside it and are not counted.
 *          Whether a fetch goes beyond is judged by all that there is of news, up to the session's limits. A Java
 *          client waits itself when told of its throttle time; here its requests wait in the socket, which is the same but
 *          for what more its batches would gather.
 * Error:   unvalidated.
 * Test:    test/kafka/client-quotas.test.ts.
 */
import type { Float64Column } from '../../kernel/columns.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../../kernel/time.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { NONE, REQUEST } from '../requests.ts';
import { SampledStats, type SampleWindows } from './sampled-stats.ts';

const BYTES = 0;
const THREAD_TIME = 1;
const KINDS = 2;
const NS_PER_SECOND_AND_PERCENT = NS_PER_SECOND / 100;

/** Of one client's connection to one broker. */
export interface ConnectionQuota extends SampleWindows {
  readonly connection: number;
  /** producer_byte_rate, or consumer_byte_rate. */
  readonly bytesPerSecond: number | null;
  /** request_percentage. */
  readonly requestPercentage: number | null;
}

export class ClientQuotas {
  readonly #model: ClusterModel;
  readonly #quotas: readonly ConnectionQuota[];
  /** Of every connection: its quota, or NONE; empty without any. */
  readonly #ofConnection: Int32Array;
  /** Per quota and kind. */
  readonly #stats: SampledStats;
  readonly #throttledUntilNs: Float64Column;

  constructor(model: ClusterModel, quotas: readonly ConnectionQuota[], connections: number) {
    this.#model = model;
    this.#quotas = quotas;
    this.#ofConnection = new Int32Array(quotas.length === 0 ? 0 : connections).fill(NONE);
    quotas.forEach(({ connection }, quota) => {
      this.#ofConnection[connection] = quota;
    });
    const { columns } = model.sim;
    this.#stats = new SampledStats(
      columns,
      'quotas',
      quotas.flatMap((quota) => Array.from({ length: KINDS }, () => quota)),
    );
    this.#throttledUntilNs = columns.float64('quotas/throttled-until', quotas.length);
  }

  /** A response is ready: counts its request, and notes for how long the channel is to stay muted after it. */
  responding(request: number): void {
    const quota = this.#quotaOf(request);
    if (quota === NONE) return;
    const { requests } = this.#model;
    const { bytesPerSecond, requestPercentage } = this.#quotas[quota];
    if (requests.type.data[request] === REQUEST.produce && bytesPerSecond !== null) {
      this.#throttle(quota, this.#record(quota, BYTES, requests.bytesIn.data[request], bytesPerSecond));
    }
    if (requestPercentage === null) return;
    const rate = requestPercentage * NS_PER_SECOND_AND_PERCENT;
    const throttleNs = this.#record(quota, THREAD_TIME, this.#threadTimeNs(request), rate);
    this.#throttle(quota, Math.min(throttleNs, this.#quotas[quota].windowNs));
  }

  /** Bytes that a response to a fetch may have at most. */
  fetchBytesMax(request: number): number {
    const quota = this.#quotaOf(request);
    if (quota === NONE) return Number.POSITIVE_INFINITY;
    const { bytesPerSecond, windows, windowNs } = this.#quotas[quota];
    if (bytesPerSecond === null) return Number.POSITIVE_INFINITY;
    return (bytesPerSecond * (windows - 1) * windowNs) / NS_PER_SECOND;
  }

  /** A fetch would bring so many bytes: counts them, or throttles the client and says that it gets none. */
  holdsBack(request: number, bytes: number): boolean {
    const quota = this.#quotaOf(request);
    if (quota === NONE) return false;
    const { bytesPerSecond } = this.#quotas[quota];
    if (bytesPerSecond === null) return false;
    const throttleNs = this.#record(quota, BYTES, bytes, bytesPerSecond);
    if (throttleNs === 0) return false;
    this.#add(quota, BYTES, -bytes);
    this.#throttle(quota, throttleNs);
    return true;
  }

  /** A fetch has brought so many bytes more, or fewer, than were counted for it. */
  adjust(request: number, bytes: number): void {
    const quota = this.#quotaOf(request);
    if (quota !== NONE) this.#add(quota, BYTES, bytes);
  }

  /** Until when a connection is to stay muted, ns. */
  throttledUntilNs(connection: number): number {
    if (this.#quotas.length === 0) return 0;
    const quota = this.#ofConnection[connection];
    return quota === NONE ? 0 : this.#throttledUntilNs.data[quota];
  }

  #quotaOf(request: number): number {
    if (this.#quotas.length === 0) return NONE;
    return this.#ofConnection[this.#model.requests.connection.data[request]];
  }

  #throttle(quota: number, throttleNs: number): void {
    if (throttleNs === 0) return;
    const until = this.#throttledUntilNs.data;
    until[quota] = Math.max(until[quota], this.#model.sim.nowNs + throttleNs);
  }

  /** Counts an amount; returns the throttle time that its rate now asks for, whole ms in ns, 0 within the quota. */
  #record(quota: number, kind: number, amount: number, perSecond: number): number {
    this.#add(quota, kind, amount);
    const { nowNs } = this.#model.sim;
    const { windows, windowNs } = this.#quotas[quota];
    const row = quota * KINDS + kind;
    const sum = this.#stats.sum(row, nowNs);
    const passedNs = this.#stats.spanNs(row, nowNs);
    const missing = Math.max(0, windows - 1 - Math.floor(passedNs / windowNs));
    const spanNs = Math.max(passedNs + missing * windowNs, NS_PER_MS);
    const allowed = (perSecond * spanNs) / NS_PER_SECOND;
    // (O - T) / T * W, with O = sum / W and T * W what is allowed.
    return sum <= allowed ? 0 : Math.round(((sum - allowed) / allowed) * (spanNs / 1e6)) * 1e6;
  }

  #add(quota: number, kind: number, amount: number): void {
    this.#stats.record(quota * KINDS + kind, amount, this.#model.sim.nowNs);
  }

  /** Of the handler, waiting included, and of the network thread. */
  #threadTimeNs(request: number): number {
    const { requests, brokers, parts } = this.#model;
    const { costs } = brokers[parts.connections[requests.connection.data[request]].broker];
    return (
      requests.localDoneNs.data[request] -
      requests.startedNs.data[request] +
      costs.networkPerRequestNs +
      requests.bytesIn.data[request] * costs.networkPerByteInNs +
      requests.bytesOut.data[request] * costs.networkPerByteOutNs
    );
  }
}
