/**
 * What runs in the browser: draws every chart from the specs in the page. Charts follow the width of their container;
 * `data-charts` on the root element tells a test that all are done.
 */
export const PAGE_SCRIPT = `
const { config, charts } = JSON.parse(document.getElementById('chart-specs').textContent);
const options = { mode: 'vega-lite', renderer: 'svg', actions: false, defaultStyle: false, config };
const draw = async ({ id, spec }) => {
  const drawing = document.getElementById(id);
  try {
    await vegaEmbed(drawing, spec, options);
  } catch (error) {
    drawing.classList.add('chart-error');
    drawing.textContent = 'This chart could not be drawn (' + error.message + '). Its figures are in the table below.';
  }
};
Promise.all(charts.map(draw)).then(() => { document.documentElement.dataset.charts = 'drawn'; });
`;
