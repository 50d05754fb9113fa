/**
 * Runs the programs round by round, each in a process of its own. The order is reversed every round, so that neither side
 * always comes after the other; two that are compared run one after the other, in the same state of the machine.
 */
import type { Figure, Program } from './catalogue.ts';
import type { Round } from './lines.ts';
import type { Outcome } from './program.ts';

export interface RoundsOptions {
  readonly programs: readonly Program[];
  readonly rounds: number;
  readonly run: (program: Program) => Promise<Outcome>;
  /** Told after each program. */
  readonly onOutcome: (round: number, program: Program, outcome: Outcome) => void;
}

/** The programs that the figures need, each once, in the figures' order. */
export function programsOf(figures: readonly Figure[]): Program[] {
  const programs = figures.flatMap(({ program, goals }) => [
    program,
    ...goals.flatMap(({ against }) => (against === null ? [] : [against])),
  ]);
  return [...new Set(programs)];
}

/** @throws Error when a program fails, or does not do the same work as in the first round */
export async function runRounds({ programs, rounds, run, onOutcome }: RoundsOptions): Promise<Round[]> {
  const all: Round[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    const round = new Map<Program, Outcome>();
    for (const program of number % 2 === 1 ? programs : programs.toReversed()) {
      const outcome = await run(program);
      const first = all[0]?.get(program);
      if (first !== undefined && first.checksum !== outcome.checksum) {
        throw new Error(
          `${program.name}: the checksum is ${outcome.checksum} in round ${number}, it was ${first.checksum} before`,
        );
      }
      round.set(program, outcome);
      onOutcome(number, program, outcome);
    }
    all.push(round);
  }
  return all;
}

/** @throws Error when a peer's program began with other work than ours, where both say what they began with */
export function checkCommonWork(figures: readonly Figure[], round: Round): void {
  for (const { name, program, goals } of figures) {
    const mine = round.get(program)?.common ?? null;
    for (const { against } of goals) {
      const theirs = (against === null ? null : round.get(against)?.common) ?? null;
      if (mine !== null && theirs !== null && mine !== theirs) {
        throw new Error(`${name}: ${against?.name} came to ${theirs} where ours came to ${mine}`);
      }
    }
  }
}
