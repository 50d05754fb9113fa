/** From what the programs printed, round by round, to the lines of the benchmark. */
import type { Figure, Goal, Program, Side } from './catalogue.ts';
import { median, type Outcome } from './program.ts';

/** One line of the benchmark; two peers of one figure are two lines of the same name. */
export interface Line {
  readonly name: string;
  /** Ours, the median over the rounds. */
  readonly value: number;
  readonly unit: string;
  /** Of the ratio where there is a peer, of the value elsewhere; null when the figure is only reported. */
  readonly goal: number | null;
  /** Null without a goal, when the peer was not to be had, and in a smoke run. */
  readonly goalMet: boolean | null;
  /** Our value by the peer's, the median over the rounds of the ratio inside a round. */
  readonly ratio: number | null;
  /** Least and greatest over the rounds of what the goal is about; null when the peer was not to be had. */
  readonly spread: readonly [least: number, greatest: number] | null;
  /** The peer and its version. */
  readonly against: string | null;
  /** Why the peer was not to be had. */
  readonly skipped?: string;
}

/** What each program that ran came to in one round. */
export type Round = ReadonlyMap<Program, Outcome>;

/** A peer as it was found on this machine. */
export interface PeerState {
  /** Name and version. */
  readonly label: string;
  /** Why it does not run; null when it does. */
  readonly skipped: string | null;
}

export type PeerStates = ReadonlyMap<Side, PeerState>;

/** Figures rather than decimals. */
const DIGITS = 6;

/** @param judged false when the sizes were too small for the goals: then none is met or missed */
export function linesOf(
  figures: readonly Figure[],
  rounds: readonly Round[],
  peers: PeerStates,
  { judged }: { readonly judged: boolean },
): Line[] {
  const lines = figures.flatMap((figure) => figure.goals.map((goal) => lineOf(figure, goal, rounds, peers)));
  return judged ? lines : lines.map((line) => ({ ...line, goalMet: null }));
}

function lineOf(figure: Figure, goal: Goal, rounds: readonly Round[], peers: PeerStates): Line {
  const values = rounds.map((round) => measured(round, figure.program, figure.value));
  const line = {
    name: figure.name,
    value: rounded(median(values)),
    unit: figure.unit,
    goal: goal.bound,
  };
  const { against } = goal;
  if (against === null) {
    return { ...line, goalMet: isMet(figure, goal, values), ratio: null, spread: spreadOf(values), against };
  }
  const { label, skipped } = peers.get(against.side) ?? {
    label: against.side,
    skipped: 'not asked',
  };
  if (skipped !== null) {
    return { ...line, goalMet: null, ratio: null, spread: null, against: label, skipped };
  }
  const ratios = rounds.map((round, index) => values[index] / measured(round, against, figure.value));
  return {
    ...line,
    goalMet: isMet(figure, goal, ratios),
    ratio: rounded(median(ratios)),
    spread: spreadOf(ratios),
    against: label,
  };
}

function isMet({ better }: Figure, { bound }: Goal, found: readonly number[]): boolean | null {
  if (bound === null) return null;
  return better === 'higher' ? median(found) >= bound : median(found) <= bound;
}

function measured(round: Round, program: Program, name: string): number {
  const value = round.get(program)?.values[name];
  if (value === undefined) throw new Error(`${program.name} printed no ${name}`);
  return value;
}

function spreadOf(found: readonly number[]): [number, number] {
  return [rounded(Math.min(...found)), rounded(Math.max(...found))];
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
