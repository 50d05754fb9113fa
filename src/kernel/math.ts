/**
 * The only transcendental functions that the simulation may use. ECMAScript leaves their last bits to the engine;
 * `test/kernel/math.test.ts` pins these on the supported versions of Node on x64.
 */

export const log = (x: number): number => Math.log(x);
export const exp = (x: number): number => Math.exp(x);
export const sqrt = (x: number): number => Math.sqrt(x);
