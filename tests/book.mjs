// The book in a browser, from its files: node tests/book.mjs FOLDER PLAYWRIGHT
// Its search leads to the right page, no page is wider than a phone, and it is light or dark as the system is.
// Screenshots are kept beside it, in screens.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, playwright] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(import.meta.url)(playwright);
const url = (page) => pathToFileURL(join(folder, page)).href;

const SEARCHES = {
  'timeouts retries': 'docs/timeouts-and-retries.html',
  'fork child': 'docs/threads-and-fork.html',
  'proxy certificate': 'docs/network.html',
  'pkg-config cmake': 'docs/install.html',
  'subusers fleet': 'docs/fleets.html',
};
const PAGES = [...readFileSync(join(folder, 'toc.html'), 'utf8').matchAll(/href="([^"#]+\.html)"/g)].map(([, page]) => page);

let passed = 0;
let failed = 0;
const check = (what, holds, seen) => {
  console.log(holds ? `ok      ${what}` : `not ok  ${what}: ${seen}`);
  holds ? (passed += 1) : (failed += 1);
};

const profile = mkdtempSync(join(tmpdir(), 'book-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage();
const wrong = [];
page.on('pageerror', (error) => wrong.push(`${page.url()}: ${error.message}`));
page.on('request', (request) => /^(file|data|blob):/.test(request.url()) || wrong.push(request.url()));
const screenshot = (name) => page.screenshot({ path: join(folder, '../screens', `${name}.png`) });

await page.setViewportSize({ width: 1400, height: 900 });
for (const [query, expected] of Object.entries(SEARCHES)) {
  await page.goto(`${url('index.html')}?search=${encodeURIComponent(query)}`);
  const first = page.locator('#mdbook-searchresults a, #searchresults a').first();
  const href = await first.getAttribute('href', { timeout: 10000 }).catch((error) => error.message);
  check(`a search for ${query}`, href.split(/[?#]/)[0].endsWith(expected), href);
}
await screenshot('search');

const lightness = {};
for (const colorScheme of ['light', 'dark']) {
  await page.emulateMedia({ colorScheme });
  for (const [width, name] of [[1400, 'wide'], [390, 'phone']]) {
    await page.setViewportSize({ width, height: 844 });
    await page.goto(url('index.html'));
    await screenshot(`${colorScheme}-${name}`);
  }
  lightness[colorScheme] = await page.evaluate(() => {
    const sum = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((all, part) => all + Number(part), 0);
    const style = getComputedStyle(document.documentElement);
    return sum(style.backgroundColor) - sum(style.color);
  });
}
check('dark on light, where the system is light', lightness.light > 300, lightness.light);
check('light on dark, where the system is dark', lightness.dark < -300, lightness.dark);

const wide = [];
for (const path of PAGES) {
  await page.goto(url(path));
  // What is around the text scrolls by itself, so the window alone would not tell.
  const width = await page.evaluate(() =>
    Math.max(...[...document.querySelectorAll('html, main, :has(> main)')].map((element) => element.scrollWidth)));
  if (width > 390) wide.push(`${path} ${width}`);
}
check(`${PAGES.length} pages as wide as a phone`, PAGES.length > 30 && wide.length === 0, wide);
check('no error in a page, nothing from outside', wrong.length === 0, wrong.slice(0, 5));

await browser.close();
rmSync(profile, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
