/** A report as Markdown with the same content: each chart becomes the table behind it. */
import type { Block, Cell, ReportDocument, Section, Table } from './document.ts';

export function renderMarkdown(report: ReportDocument): string {
  const parts = [
    `# ${escapeMarkdown(report.title)}`,
    ...(report.question === null ? [] : [`> ${escapeMarkdown(report.question)}`]),
    `**${escapeMarkdown(report.answer)}**`,
    ...(report.headline.length === 0 ? [] : [renderTable(headlineTable(report))]),
    ...report.sections.map(renderSection),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** One line of text in which no character is Markdown or HTML. */
function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|]/g, '\\$&');
}

function headlineTable({ headline, measured }: ReportDocument): Table {
  return {
    caption: 'Headline',
    columns: [
      { title: 'figure', numeric: false },
      { title: 'predicted', numeric: true },
      ...(measured
        ? [
            { title: 'measured', numeric: true },
            { title: 'error', numeric: true },
          ]
        : []),
    ],
    rows: headline.map((figure) => [
      figure.label,
      figure.predicted,
      ...(measured ? [figure.measured, figure.error] : []),
    ]),
  };
}

function renderSection(section: Section, index: number): string {
  return [`## ${index + 1}. ${escapeMarkdown(section.title)}`, ...section.blocks.map(renderBlock)].join(
    '\n\n',
  );
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `### ${escapeMarkdown(block.text)}`;
    case 'paragraph':
      return escapeMarkdown(block.text);
    case 'warning':
      return `> **Note:** ${escapeMarkdown(block.text)}`;
    case 'list':
      return block.items.map((item) => `- ${escapeMarkdown(item)}`).join('\n');
    case 'commands':
      return block.lines.map((line) => `    ${line.replace(/\s+/g, ' ')}`).join('\n');
    case 'table':
      return renderTable(block.table);
    case 'charts':
      return block.charts.map(({ table }) => renderTable(table)).join('\n\n');
  }
}

/** Columns are padded, so that the file reads as text too. */
function renderTable({ caption, columns, rows }: Table): string {
  const texts = [columns.map(({ title }) => title), ...rows.map((row) => row.map(cellText))].map((row) =>
    row.map(escapeMarkdown),
  );
  const widths = columns.map((_, index) => Math.max(3, ...texts.map((row) => row[index].length)));
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  const [head, ...body] = texts.map((row) =>
    line(
      row.map((text, index) =>
        columns[index].numeric ? text.padStart(widths[index]) : text.padEnd(widths[index]),
      ),
    ),
  );
  const rule = line(
    columns.map(({ numeric }, index) =>
      numeric ? `${'-'.repeat(widths[index] - 1)}:` : '-'.repeat(widths[index]),
    ),
  );
  return [`*${escapeMarkdown(caption)}*`, '', head, rule, ...body].join('\n');
}

function cellText(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}
