/** A report before it is written: sections of blocks that the HTML and the Markdown writer both render. */
import type { TopLevelSpec } from 'vega-lite';

export interface ReportDocument {
  readonly title: string;
  /** The scenario's question, if it asks one. */
  readonly question: string | null;
  /** The answer, one sentence. */
  readonly answer: string;
  /** False when the report holds predictions alone. */
  readonly measured: boolean;
  readonly headline: readonly HeadlineFigure[];
  readonly sections: readonly Section[];
}

/** One of the few figures at the top, already formatted with units. */
export interface HeadlineFigure {
  readonly label: string;
  readonly predicted: string;
  readonly measured: string;
  readonly error: string;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'commands'; readonly lines: readonly string[] }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'charts'; readonly charts: readonly Chart[] };

/** A chart with the table of the figures that it draws. Sizes itself to its container's width. */
export interface Chart {
  /** Unique in the report; letters, digits and dashes. */
  readonly id: string;
  readonly title: string;
  /** What is to be seen, for a reader who cannot see it. */
  readonly description: string;
  readonly legend: readonly LegendEntry[];
  readonly spec: TopLevelSpec;
  readonly table: Table;
}

export interface LegendEntry {
  readonly label: string;
  /** One of the theme's colours. */
  readonly colour: string;
  readonly shape: 'line' | 'dashed line' | 'thin line' | 'upright line' | 'box';
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Column {
  readonly title: string;
  readonly numeric: boolean;
}

export type Cell = string | { readonly text: string; readonly tone: 'good' | 'bad' | 'muted' };

/** A column of words. */
export function words(title: string): Column {
  return { title, numeric: false };
}

/** A column of numbers, set flush right. */
export function numbers(title: string): Column {
  return { title, numeric: true };
}
