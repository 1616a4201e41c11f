/** The package: in step with the library, found and refused as its README says. */
'use strict';

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, test } = require('node:test');
const koffi = require('koffi');
const sg = require('..');
const { NUMBERS, codeOf, errorOf } = require('../src/errors.js');
const native = require('../src/native.js');

const PACKAGE = join(__dirname, '..');
const HEADER = readFileSync(process.env.CONFORMANCE_HEADER, 'utf8');
const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
const VERSION = require('../package.json').version;

const scratch = mkdtempSync(join(tmpdir(), 'sg-open-tracking-'));
symlinkSync(join(PACKAGE, 'node_modules'), join(scratch, 'node_modules'));
after(() => rmSync(scratch, { recursive: true }));

function node(args, { env = {}, ...options } = {}) {
  const given = { ...process.env, ...env };
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: given, ...options });
}

test('every code has its class', () => {
  const without = ['SG_OK', 'SG_ERR_PARTIAL']; // no call of this package returns the second
  for (const code of Object.keys(NUMBERS).filter((name) => !without.includes(name))) {
    const error = errorOf(code, 'text');
    assert.notStrictEqual(error.constructor, sg.OpenTrackingError, code);
    assert.strictEqual(error.code, code);
    assert.ok(error instanceof sg.OpenTrackingError && error instanceof Error);
  }
  assert.strictEqual(errorOf(codeOf(99), 'text').constructor, sg.OpenTrackingError);
  assert.strictEqual(errorOf(codeOf(99), 'text').code, 'SG_ERR_99');
  assert.strictEqual(String(errorOf('SG_ERR_TIMEOUT', 'text')), 'TimeoutError: text');
});

test('every function of the header is declared', () => {
  const functions = [...HEADER.matchAll(/\b(sg_\w+)\(\s*(?:const|struct|bool|int32_t|void|sg_)/g)];
  const names = functions.map(([, name]) => name).filter((name) => !name.startsWith('sg_open_tracking_'));
  assert.deepStrictEqual(new Set(names), new Set(Object.keys(native.SIGNATURES)));
});

test('the layout of a result', () => {
  assert.strictEqual(koffi.sizeof(native.Result), 512);
  const offsets = { code: 0, http_status: 4, enabled: 8, attempts: 12, retry_after_ms: 16, elapsed_us: 24 };
  for (const [member, offset] of Object.entries({ ...offsets, message: 32 })) {
    assert.strictEqual(koffi.offsetof(native.Result, member), offset, member);
  }
});

test('versions', () => {
  const [, version] = /^version = "(.+)"/m.exec(readFileSync(join(PACKAGE, '../../Cargo.toml'), 'utf8'));
  assert.deepStrictEqual([VERSION, sg.libraryVersion()], [version, version]);
});

test('the registry is told where it comes from and where it runs', () => {
  const { repository, bugs, homepage, author, os, cpu } = require('../package.json');
  assert.match(repository.url, /^git\+https:/);
  assert.ok([bugs, homepage].every((url) => url.startsWith('https:')) && author);
  assert.ok(os.includes(process.platform) && cpu.includes(process.arch));
});

test('a library of another version is refused', () => {
  for (const fits of ['1.2.0', '1.2.7', '1.3.0', '1.10.0']) {
    native.checkVersion('path', fits, [1, 2]);
  }
  for (const doesNot of ['0.2.0', '1.1.9', '2.0.0', '2.2.0', '10.2.0']) {
    const needs = `^path is libsg_open_tracking ${doesNot}, and this package needs 1.2 or a later 1.x: `;
    assert.throws(() => native.checkVersion('path', doesNot, [1, 2]), { message: new RegExp(needs) });
  }
});

test('a missing library says where it was looked for', () => {
  const done = node(['-e', 'require(".")'], {
    cwd: PACKAGE,
    env: { SG_OPEN_TRACKING_LIBRARY: '/nowhere/library.so' },
  });
  assert.match(done.stderr, /libsg_open_tracking was not found[\s\S]*\/nowhere\/library.so/);
});

test('a library beside the package is found', () => {
  for (const name of readdirSync(join(PACKAGE, 'src'))) {
    copyFileSync(join(PACKAGE, 'src', name), join(scratch, name));
  }
  symlinkSync(process.env.SG_OPEN_TRACKING_LIBRARY, join(scratch, native.NAMES[1]));
  const program = 'console.log(require("./index.js").libraryVersion())';
  const done = node(['-e', program], { cwd: scratch, env: { SG_OPEN_TRACKING_LIBRARY: '' } });
  assert.strictEqual(done.stdout.trim(), VERSION, done.stderr);
});

test('a package that has lost its worker says so, and again', () => {
  const bundled = mkdtempSync(join(scratch, 'bundled-'));
  for (const name of readdirSync(join(PACKAGE, 'src')).filter((file) => file !== 'worker.js')) {
    copyFileSync(join(PACKAGE, 'src', name), join(bundled, name));
  }
  const program = `
    const { Client } = require('./index.js');
    const client = new Client(process.env.SANDBOX_KEY);
    const tell = ({ code, message }) => console.log(code, message.split('\\n')[0]);
    const next = () => client.listSubusers().next().then(console.log, tell);
    next().then(next);`;
  const done = node(['-e', program], { cwd: bundled });
  const lines = done.stdout.trim().split('\n');
  assert.strictEqual(lines.length, 2, done.stderr);
  assert.ok(
    lines.every((line) => /^SG_ERR_INTERNAL the worker of this package failed: .*worker.js/.test(line)),
    lines,
  );
});

test('import and require give the same', async () => {
  const imported = await import('sg-open-tracking');
  assert.deepStrictEqual(Object.keys(imported).sort(), Object.keys(sg).sort());
  assert.strictEqual(imported.Client, sg.Client);
});

test('the types name what there is', () => {
  const types = readFileSync(join(PACKAGE, 'src/index.d.ts'), 'utf8');
  const declared = [...types.matchAll(/^export (?:const|class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepStrictEqual(declared.sort(), Object.keys(sg).sort());
  const members = (pattern) => [...pattern.exec(types)[1].matchAll(/(\w+): (\d+)|'(\w+)'/g)];
  const regions = members(/const Region: {([^}]*)}/).map(([, name, number]) => [name, Number(number)]);
  assert.deepStrictEqual(Object.fromEntries(regions), sg.Region);
  const codes = members(/type Code =([^;]*);/).map(([, , , name]) => name);
  assert.deepStrictEqual(codes, Object.keys(NUMBERS).slice(1)); // no error has SG_OK
});

const SNIPPETS = [...README.matchAll(/^```(js|cjs)\n([\s\S]+?)^```/gm)];
for (const [index, [, kind, snippet]] of SNIPPETS.entries()) {
  test(`README, snippet ${index + 1} (${kind})`, () => {
    const type = kind === 'js' ? 'module' : 'commonjs';
    const done = node([`--input-type=${type}`, '--eval', snippet], { cwd: PACKAGE });
    assert.strictEqual(done.stderr, '');
    assert.strictEqual(done.stdout, 'open tracking is off\n');
  });
}
