import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { writeReport } from '../../src/report/report.ts';
import { missing } from '../support/components.ts';
import { commands, comparison, profile, scenario, unmeasured } from './fixture.ts';

const run = promisify(execFile);
const PHONE_WIDTH_PX = 375;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--allow-file-access-from-files',
  '--virtual-time-budget=10000',
  '--window-size=1280,1024',
  '--dump-dom',
];
const skip = missing(['chromium']) ?? false;

/** The page's own markup after its scripts have run. */
async function domOf(path: string, scratch: string): Promise<string> {
  const { stdout } = await run(
    'chromium',
    [...FLAGS, `--user-data-dir=${join(scratch, 'profile')}`, pathToFileURL(path).href],
    { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
  );
  return stdout;
}

async function inScratch(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'brokertwin-browser-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, maxRetries: 5, retryDelay: 200 });
  }
}

for (const [name, of] of Object.entries({ measured: comparison, unmeasured })) {
  test(`a browser draws every chart of a report (${name})`, { skip }, () =>
    inScratch(async (directory) => {
      const { html } = await writeReport({ comparison: of, scenario, profile, directory, commands });
      const page = (await domOf(html, directory)).replace(/<script[\s\S]*?<\/script>/g, '');
      assert.match(page, /data-charts="drawn"/);
      assert.doesNotMatch(page, /could not be drawn/);
      const drawings = page.match(/class="drawing/g)?.length ?? 0;
      assert.ok(drawings > 10, `${drawings} charts`);
      assert.equal(page.match(/<svg[^>]*class="marks"/g)?.length, drawings);
      assert.doesNotMatch(page, /NaN|>undefined</);
    }),
  );
}

test('on a phone the page does not scroll sideways', { skip }, () =>
  inScratch(async (directory) => {
    const { html } = await writeReport({ comparison, scenario, profile, directory, commands });
    const frame = join(directory, 'phone.html');
    await writeFile(
      frame,
      `<iframe id="phone" src="${pathToFileURL(html).href}" width="${PHONE_WIDTH_PX}" height="800" style="border:0"></iframe>
<script>
const phone = document.getElementById('phone');
phone.onload = () => setTimeout(() => {
  document.body.dataset.width = phone.contentDocument.documentElement.scrollWidth;
  document.body.dataset.charts = phone.contentDocument.documentElement.dataset.charts;
}, 3000);
</script>`,
    );
    const page = await domOf(frame, directory);
    assert.match(page, /data-charts="drawn"/);
    const width = Number(/data-width="(\d+)"/.exec(page)?.[1]);
    assert.ok(width <= PHONE_WIDTH_PX, `the page is ${width} px wide`);
  }),
);
