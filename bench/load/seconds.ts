/** How long every run is: longer than the compilers of both sides need, then what is measured. */
export interface Seconds {
  readonly warmUp: number;
  readonly measured: number;
}

export const FULL: Seconds = { warmUp: 15, measured: 15 };
/** For a look: the compilers are still at work in it. */
export const QUICK: Seconds = { warmUp: 4, measured: 4 };
