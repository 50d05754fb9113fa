/** A report as one HTML file that opens offline: styles, libraries and data are inside, and nothing may be fetched. */
import type {
  Block,
  Cell,
  Chart,
  HeadlineFigure,
  LegendEntry,
  ReportDocument,
  Section,
  Table,
} from './document.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { STYLES } from './styles.ts';
import { CHART_CONFIG } from './theme.ts';

/** The browser itself is told to refuse every request; Vega compiles its expressions, hence unsafe-eval. */
const SECURITY_POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:";

/** Renders a report. `libraries` is the JavaScript of the chart libraries, see `chartLibraries`. */
export function renderHtml(report: ReportDocument, libraries: string): string {
  const charts = report.sections
    .flatMap((section) => section.blocks)
    .flatMap((block) => (block.kind === 'charts' ? block.charts : []));
  const specs = { config: CHART_CONFIG, charts: charts.map(({ id, spec }) => ({ id, spec })) };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="brokertwin">
<link rel="icon" href="data:,">
<title>${escapeHtml(report.title)} · brokertwin</title>
<style>${STYLES}</style>
</head>
<body>
${renderHeader(report)}
<main>
${report.sections.map(renderSection).join('\n')}
</main>
<script>${escapeScript(libraries)}</script>
<script type="application/json" id="chart-specs">${escapeJson(specs)}</script>
<script>${escapeScript(PAGE_SCRIPT)}</script>
</body>
</html>
`;
}

/** Text for an element or a quoted attribute. */
function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

/** JSON that no `</script>` or `<!--` inside a string can end early. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

/** In JavaScript `<\/script` is the same string as `</script`, and does not end the element. */
function escapeScript(source: string): string {
  return source.replace(/<\/(script)/gi, '<\\/$1');
}

function renderHeader(report: ReportDocument): string {
  const question = report.question === null ? '' : `<p class="question">${escapeHtml(report.question)}</p>`;
  const links = report.sections.map(({ id, title }) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`);
  return `<header>
<p class="kind">brokertwin · ${report.measured ? 'predicted beside measured' : 'prediction, not measured'}</p>
<h1>${escapeHtml(report.title)}</h1>
${question}
<p class="answer">${escapeHtml(report.answer)}</p>
${renderHeadline(report)}
<nav aria-label="Sections"><ol>${links.join('')}</ol></nav>
</header>`;
}

function renderHeadline({ headline, measured }: ReportDocument): string {
  if (headline.length === 0) return '';
  const tile = (figure: HeadlineFigure) => `<div>
<h3>${escapeHtml(figure.label)}</h3>
<dl><dt>predicted</dt><dd class="predicted">${escapeHtml(figure.predicted)}</dd>${
    measured
      ? `<dt>measured</dt><dd class="measured">${escapeHtml(figure.measured)}</dd><dt>error</dt><dd>${escapeHtml(figure.error)}</dd>`
      : ''
  }</dl>
</div>`;
  return `<section class="headline" aria-label="Headline figures">${headline.map(tile).join('')}</section>`;
}

function renderSection(section: Section, index: number): string {
  return `<section aria-labelledby="${section.id}">
<h2 id="${section.id}"><span class="number">${index + 1}</span>${escapeHtml(section.title)}</h2>
${section.blocks.map(renderBlock).join('\n')}
</section>`;
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h3>${escapeHtml(block.text)}</h3>`;
    case 'paragraph':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'warning':
      return `<div class="warning" role="note">${escapeHtml(block.text)}</div>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
    case 'commands':
      return `<pre tabindex="0"><code>${block.lines.map(escapeHtml).join('\n')}</code></pre>`;
    case 'table':
      return renderTable(block.table);
    case 'charts':
      return `<div class="charts">${block.charts.map(renderChart).join('\n')}</div>`;
  }
}

function renderChart(chart: Chart): string {
  return `<figure>
<h4>${escapeHtml(chart.title)}</h4>
<ul class="legend" aria-label="Legend">${chart.legend.map(renderLegendEntry).join('')}</ul>
<div class="drawing" id="${chart.id}" role="img" aria-label="${escapeHtml(chart.description)}"></div>
<details><summary>Table of these figures</summary>${renderTable(chart.table)}</details>
</figure>`;
}

function renderLegendEntry({ label, colour, shape }: LegendEntry): string {
  const name = shape.replaceAll(' ', '-');
  return `<li><i class="${name}" style="--key: ${colour}"></i>${escapeHtml(label)}</li>`;
}

/** A wide table scrolls in its own box, which the keyboard can reach. */
function renderTable({ caption, columns, rows }: Table): string {
  const head = columns
    .map(
      ({ title, numeric }) => `<th scope="col"${numeric ? ' class="numeric"' : ''}>${escapeHtml(title)}</th>`,
    )
    .join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell, index) => renderCell(cell, columns[index].numeric, index)).join('')}</tr>`,
  );
  return `<div class="table" role="region" tabindex="0" aria-label="${escapeHtml(caption)}">
<table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div>`;
}

function renderCell(cell: Cell, numeric: boolean, index: number): string {
  const text = escapeHtml(typeof cell === 'string' ? cell : cell.text);
  const content = typeof cell === 'string' ? text : `<span class="${cell.tone}">${text}</span>`;
  if (index === 0 && !numeric) return `<th scope="row">${content}</th>`;
  return `<td class="${numeric ? 'numeric' : 'words'}">${content}</td>`;
}
