/** The report's style sheet. Dark colours are for screens alone: paper is white. */
import { FONT } from './theme.ts';

export const STYLES = `
:root {
  color-scheme: light dark;
  --surface: #ffffff; --raised: #f6f7f9; --ink: #1b2026; --muted: #57606a; --rule: #cfd5dc; --grid: #e9ecf0;
  --predicted: #1d63b3; --measured: #c65102; --good: #17693f; --bad: #b3261e; --caution: #fdf3e1; --caution-ink: #6b4300;
  --stage-1: #8796a8; --stage-2: #2f6fb0; --stage-3: #dd9b2a; --stage-4: #b5443c; --stage-5: #74b3a0; --stage-6: #7b5ea7;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --surface: #14181d; --raised: #1c2229; --ink: #e4e8ec; --muted: #a0abb7; --rule: #3a444f; --grid: #262e36;
    --predicted: #6fb1f5; --measured: #f59a4c; --good: #6ccb94; --bad: #ff9c92; --caution: #33280f; --caution-ink: #f3d194;
    --stage-1: #93a3b6; --stage-2: #5a9be0; --stage-3: #e8b04e; --stage-4: #e07a70; --stage-5: #83c8b3; --stage-6: #a98bd6;
  }
}
* { box-sizing: border-box; }
html { background: var(--surface); color: var(--ink); -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0 auto; max-width: 70rem; padding: 3rem 2rem 5rem; font: 1rem/1.6 ${FONT}; }
h1, h2, h3, h4 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 2rem; letter-spacing: -0.015em; margin: 0 0 0.4rem; }
h2 { font-size: 1.375rem; letter-spacing: -0.01em; margin: 4rem 0 1rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
h2 .number { color: var(--muted); font-weight: 400; margin-right: 0.6rem; font-variant-numeric: tabular-nums; }
h3 { font-size: 1.0625rem; margin: 2.5rem 0 0.5rem; }
h4 { font-size: 0.9375rem; margin: 0; }
p, ul, .warning { max-width: 46rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
a { color: var(--predicted); }
:focus-visible { outline: 2px solid var(--predicted); outline-offset: 3px; border-radius: 2px; }
.kind { color: var(--muted); font-size: 0.8125rem; margin: 0 0 0.5rem; }
.question { color: var(--muted); font-size: 1.0625rem; margin-bottom: 1.25rem; }
.answer { font-size: 1.25rem; line-height: 1.5; margin-bottom: 2rem; }
.headline { display: flex; flex-wrap: wrap; gap: 1px; background: var(--rule); border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; margin: 0 0 2rem; }
.headline > div { flex: 1 1 15rem; background: var(--surface); padding: 1rem 1.25rem 1.1rem; }
.headline h3 { margin: 0 0 0.6rem; font-size: 0.8125rem; font-weight: 600; color: var(--muted); }
.headline dl { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 0.15rem 1rem; align-items: baseline; font-variant-numeric: tabular-nums; }
.headline dt { color: var(--muted); font-size: 0.8125rem; }
.headline dd { margin: 0; text-align: right; font-weight: 600; white-space: nowrap; }
.headline dd.predicted { color: var(--predicted); }
.headline dd.measured { color: var(--measured); }
nav ol { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin: 0; padding: 0; font-size: 0.875rem; }
.warning { background: var(--caution); color: var(--caution-ink); border-left: 3px solid currentColor; padding: 0.75rem 1rem; border-radius: 0 6px 6px 0; }
.table { overflow-x: auto; margin: 1rem 0 1.75rem; }
table { border-collapse: collapse; font-size: 0.875rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: 0.8125rem; padding-bottom: 0.5rem; }
th, td { padding: 0.35rem 1.5rem 0.35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); max-width: 36rem; }
th { font-weight: 600; color: var(--muted); border-bottom-color: var(--rule); vertical-align: bottom; }
th[scope=row] { color: var(--ink); font-weight: 400; border-bottom-color: var(--grid); vertical-align: top; }
td { min-width: 4.5rem; }
td.words { overflow-wrap: anywhere; min-width: 9rem; }
td.numeric, th.numeric { text-align: right; }
td.numeric { white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0.25rem; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
.muted { color: var(--muted); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 2.25rem 2.5rem; margin: 1.5rem 0 2rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure > .drawing { width: 100%; min-height: 5rem; margin-top: 0.5rem; overflow: hidden; }
figure svg { display: block; max-width: 100%; height: auto; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; margin: 0.25rem 0 0; padding: 0; font-size: 0.75rem; color: var(--muted); }
.legend li { display: flex; align-items: center; gap: 0.4rem; }
.legend i { display: inline-block; width: 1.35rem; border-top: 2px solid var(--key); }
.legend i.dashed-line { border-top-style: dashed; }
.legend i.thin-line { border-top-width: 1px; }
.legend i.upright-line { width: 1px; height: 0.8rem; border: 0; background: var(--key); }
.legend i.box { width: 0.7rem; height: 0.7rem; border: 0; background: var(--key); border-radius: 2px; }
.chart-error { color: var(--bad); font-size: 0.875rem; }
details { margin-top: 0.5rem; font-size: 0.8125rem; }
details .table { max-height: 24rem; overflow: auto; margin: 0.5rem 0 0; }
summary { cursor: pointer; color: var(--muted); width: fit-content; }
pre { background: var(--raised); border: 1px solid var(--grid); border-radius: 6px; padding: 0.9rem 1.1rem; overflow-x: auto; font: 0.8125rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
#vg-tooltip-element.vg-tooltip { background: var(--surface); color: var(--ink); border: 1px solid var(--rule); border-radius: 6px; font: 0.75rem/1.4 ${FONT}; box-shadow: 0 4px 14px rgb(0 0 0 / 0.18); }
#vg-tooltip-element.vg-tooltip table tr td.key { color: var(--muted); }
#vg-tooltip-element.vg-tooltip td { border: 0; min-width: 0; padding: 0 0.4rem 0 0; }
@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.6rem; }
  .answer { font-size: 1.0938rem; }
  h2 { margin-top: 2.75rem; }
  table { font-size: 0.8125rem; }
  th, td { padding-right: 0.9rem; }
  td { min-width: 0; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, details { display: none; }
  h2, h3, h4 { break-after: avoid; }
  tr, .headline > div { break-inside: avoid; }
  .table, pre { overflow: visible; }
  .charts { grid-template-columns: 1fr 1fr; gap: 1rem; }
  a { color: inherit; }
}
`;
