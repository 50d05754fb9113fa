/** What a worker thread used over the measured part: CPU, and how busy its event loop was. */
import { performance } from 'node:perf_hooks';

const US_PER_SECOND = 1e6;

export interface Usage {
  readonly cpuSeconds: number;
  /** Share of the time, 0 to 1. */
  readonly utilisation: number;
}

export class MeasuredUsage {
  #begun: {
    readonly cpu: NodeJS.CpuUsage;
    readonly loop: ReturnType<typeof performance.eventLoopUtilization>;
  } | null = null;
  #usage: Usage | null = null;

  /** Call at the end of the warm-up; later calls change nothing. */
  begin(): void {
    this.#begun ??= { cpu: process.threadCpuUsage(), loop: performance.eventLoopUtilization() };
  }

  /** Call at the end of the measured part; the first call counts. */
  end(): Usage {
    if (this.#usage === null) {
      this.#usage = { cpuSeconds: 0, utilisation: 0 };
      if (this.#begun !== null) {
        const cpu = process.threadCpuUsage(this.#begun.cpu);
        const { utilization } = performance.eventLoopUtilization(this.#begun.loop);
        this.#usage = { cpuSeconds: (cpu.user + cpu.system) / US_PER_SECOND, utilisation: utilization };
      }
    }
    return this.#usage;
  }
}
