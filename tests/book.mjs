// The book in a browser, from its files: node tests/book.mjs FOLDER PLAYWRIGHT
// Its search and those of the references lead to the right page, no page is wider than a phone, and it is light or dark
// as the system is.
// Screenshots are kept beside it, in screens.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
  'link cmake': 'docs/install.html',
  'subusers fleet': 'docs/fleets.html',
};
const read = (page) => readFileSync(join(folder, page), 'utf8');
const chapters = [...read('toc.html').matchAll(/href="([^"#]+\.html)"/g)].map(([, page]) => page);
// Less rustdoc's sources, which are as wide as their lines, the frames of Doxygen's search, and pages that lead on.
const references = readdirSync(join(folder, 'reference'), { recursive: true }).map((page) => `reference/${page}`)
  .filter((page) => page.endsWith('.html') && !/\/(src|search)\//.test(page) && !/http-equiv="refresh"/.test(read(page)));
const pages = [...chapters, ...references];

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

// What a search gives first leads to the page, or ends at the anchor, that is expected.
const finds = async (what, results, expected) => {
  const href = await results.first().getAttribute('href', { timeout: 10000 }).catch((error) => error.message);
  check(`a search for ${what}`, expected.test(href), href);
};

await page.setViewportSize({ width: 1400, height: 900 });
for (const [query, expected] of Object.entries(SEARCHES)) {
  await page.goto(`${url('index.html')}?search=${encodeURIComponent(query)}`);
  await finds(query, page.locator('#mdbook-searchresults a, #searchresults a'), new RegExp(`${expected}([?#]|$)`));
}
await screenshot('search');
const index = read(readdirSync(folder).find((name) => name.startsWith('searchindex')));
const files = [...read('../src/SUMMARY.md').split('Files that the pages show')[1].matchAll(/\[(.+)\]/g)];
const indexed = files.map(([, file]) => `"${file}.html`).filter((file) => index.includes(file));
check('no search leads to the files that the pages show', files.length > 10 && indexed.length === 0, indexed);

await page.goto(url('reference/c/index.html'));
await page.locator('#MSearchField').pressSequentially('sg_client_c');
const symbols = page.frameLocator('#MSearchResults').locator('.SRSymbol:visible');
await finds('sg_client_c in C', symbols, /sg__open__tracking_8h\.html#/);
await page.goto(`${url('reference/rust/sg_open_tracking/index.html')}?search=set_log`);
await finds('set_log in Rust', page.locator('.search-results a'), /struct\.Config\.html#method\.set_log$/);

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
for (const path of pages) {
  await page.goto(url(path));
  // What is around the text scrolls by itself, so the window alone would not tell.
  const width = await page.evaluate(() =>
    Math.max(...[...document.querySelectorAll('html, main, :has(> main)')].map((element) => element.scrollWidth)));
  if (width > 390) wide.push(`${path} ${width}`);
}
check(`${chapters.length} chapters and ${references.length} pages of reference as wide as a phone`,
  chapters.length > 30 && references.length > 30 && wide.length === 0, wide);
check('no error in a page, nothing from outside', wrong.length === 0, wrong.slice(0, 5));

await browser.close();
rmSync(profile, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
