/**
 * Runs tests/conformance/cases.json, and the scenarios that its README names, on this package.
 *
 *     tests/conformance/run.sh npm run conformance --prefix bindings/javascript
 */
'use strict';

const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { inspect } = require('node:util');
const sg = require('..');
const { NUMBERS } = require('../src/errors.js');

const { env } = process;
const REGIONS = { global: sg.Region.GLOBAL, eu: sg.Region.EU };
/** Milliseconds that a call which was cut off may take; on its own it would take 30,000. */
const BOUNDED = 5_000;

const SUBUSERS = Array.from({ length: 25 }, (_, index) => `subuser-${String(index + 1).padStart(5, '0')}`);

const resolved = (value) =>
  typeof value === 'string' && value.startsWith('$') ? env[value.slice(1)] : value;
const normal = (text) => text.toLowerCase().replaceAll('_', '');
const camelCase = (name) => name.replace(/_ms$/, '').replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const codeName = (code) => code.replace(/^SG_(ERR_)?/, '');

function client({ key, region = sg.Region.GLOBAL, ...options } = {}) {
  const side = region === sg.Region.EU ? 'SANDBOX_EU' : 'SANDBOX';
  const defaults = { base_url: `$${side}_URL`, ca_file: '$SANDBOX_CA_FILE', proxy: '', max_retries: 0 };
  const given = Object.entries({ ...defaults, timeout_ms: 10_000, ...options });
  const named = given.map(([name, value]) => [camelCase(name), resolved(value)]);
  return new sg.Client(key ?? env[`${side}_KEY`], { region, ...Object.fromEntries(named) });
}

// ---- the table

async function perform({ call, enabled, onBehalfOf, key, region, options }) {
  if (call === 'one_shot_update') {
    return { enabled: await sg.updateOpenTracking(key, enabled, { region, onBehalfOf }) };
  }
  if (call === 'one_shot_get') {
    return { enabled: await sg.getOpenTracking(key, { region, onBehalfOf }) };
  }
  const opened = client({ key, region, ...options });
  try {
    assert.notStrictEqual(call, 'client_new', 'a client was made');
    return await (call === 'update' ? opened.update(enabled, { onBehalfOf }) : opened.get({ onBehalfOf }));
  } finally {
    opened.close();
  }
}

async function runCase({ on_behalf_of: onBehalfOf, expect, ...rest }) {
  const region = REGIONS[rest.region ?? 'global'] ?? rest.region;
  const key = resolved(rest.key ?? (region === sg.Region.EU ? '$SANDBOX_EU_KEY' : '$SANDBOX_KEY'));
  let seen;
  let message = '';
  try {
    seen = { code: 'SG_OK', ...(await perform({ ...rest, onBehalfOf, key, region })) };
  } catch (error) {
    if (!(error instanceof sg.OpenTrackingError)) {
      throw error;
    }
    message = error.message;
    seen = error;
    assert.ok(message, 'no message');
    assert.ok(key.length < 2 || !inspect(error).includes(key), 'the error holds the key');
  }
  const { message_part: part = '', ...members } = expect;
  const found = {
    code: codeName(seen.code),
    http_status: seen.httpStatus,
    enabled: seen.enabled,
    attempts: seen.attempts,
    retry_after_ms: seen.retryAfter,
  };
  for (const [member, expected] of Object.entries(members)) {
    assert.strictEqual(found[member], expected, `${member}: ${found[member]}, not ${expected} (${message})`);
  }
  assert.ok(normal(message).includes(normal(part)), `message: ${message}, without ${part}`);
}

// ---- the scenarios

async function endsIn(code, call) {
  const started = performance.now();
  const error = await call().then(
    () => assert.fail(`the call ended well, not in ${code}`),
    (failure) => failure,
  );
  assert.strictEqual(error.code, code, String(error));
  assert.ok(performance.now() - started < BOUNDED, 'the call took too long');
  return error;
}

/** A call that no reply would end is ended by `stop`. */
async function inFlight(call, stop, ending = (ends) => endsIn('SG_ERR_CANCELLED', ends)) {
  const other = client();
  const ended = ending(call);
  await other.get({ onBehalfOf: 'fault-delay-100' });
  stop();
  other.close();
  return ended;
}

async function cancel() {
  const origin = client({ timeout_ms: 30_000 });
  const derived = origin.derive();
  await inFlight(
    () => derived.get({ onBehalfOf: 'fault-silent' }),
    () => derived.cancel(),
  );
  await endsIn('SG_ERR_CANCELLED', () => derived.get());
  derived.close();

  const controller = new AbortController();
  const { signal } = controller;
  const aborted = (call) => assert.rejects(call, (error) => error === signal.reason);
  await inFlight(
    () => origin.get({ onBehalfOf: 'fault-silent', signal }),
    () => controller.abort(),
    aborted,
  );
  await aborted(() => origin.update(true, { signal }));
  await origin.get({ signal: new AbortController().signal });

  const unused = new AbortController();
  await inFlight(
    () => origin.get({ onBehalfOf: 'fault-silent', signal: unused.signal }),
    () => origin.cancel(),
  );
  origin.close();
}

async function close() {
  const opened = client({ timeout_ms: 30_000 });
  await inFlight(
    () => opened.get({ onBehalfOf: 'fault-silent' }),
    () => opened.close(),
  );
  opened.close();
  opened.cancel();
  const calls = [() => opened.get(), () => opened.update(false), async () => opened.derive()];
  for (const call of [...calls, async () => opened.getSync()]) {
    assert.ok((await endsIn('SG_ERR_ARGUMENT', call)) instanceof sg.ClosedError);
  }
}

async function derive() {
  const origin = client({ timeout_ms: 30_000 });
  const kept = origin.derive();
  const hasty = origin.derive(150);
  await endsIn('SG_ERR_TIMEOUT', () => hasty.get({ onBehalfOf: 'fault-silent' }));
  hasty.close();
  origin.close();
  await kept.get();
  kept.close();
}

/** JavaScript's idiom for many at once: promises, whose calls run on the threads of libuv's pool. */
async function threads() {
  const opened = client();
  const work = async (number) => {
    const onBehalfOf = `subuser-0001${number}`;
    for (let turn = 0; turn < 25; turn += 1) {
      const wanted = turn % 2 === 0;
      assert.strictEqual((await opened.update(wanted, { onBehalfOf })).enabled, wanted);
      assert.strictEqual((await opened.get({ onBehalfOf })).enabled, wanted);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => work(number)));
  opened.close();
}

async function asynchronous() {
  sg.setMaxThreads(4); // all of libuv's; of itself, the package takes half of them
  const opened = client();
  let ticks = 0;
  const ticking = setInterval(() => {
    ticks += 1;
  }, 10);
  const started = performance.now();
  await Promise.all(Array.from({ length: 4 }, () => opened.get({ onBehalfOf: 'fault-delay-200' })));
  const took = performance.now() - started;
  clearInterval(ticking);
  opened.close();
  sg.setMaxThreads(2);
  assert.ok(took < 700, `the calls ran one after the other, for ${took} ms`);
  assert.ok(ticks > 5, 'the event loop stood still');
}

async function fleet() {
  const collected = async (items) => {
    const all = [];
    for await (const item of items) {
      all.push(item);
    }
    return all;
  };
  const opened = client();
  const names = await collected(opened.listSubusers());
  assert.deepStrictEqual(names.sort(), SUBUSERS);
  const updated = await collected(opened.updateMany(false, [...SUBUSERS, 'nobody']));
  updated.sort((a, b) => a.index - b.index);
  assert.deepStrictEqual(
    updated.map(({ name, result, error }) => [name, result?.enabled ?? error.code]),
    [...SUBUSERS.map((name) => [name, false]), ['nobody', 'SG_ERR_NOT_FOUND']],
  );
  const read = await collected(opened.getMany(new Set(SUBUSERS)));
  assert.ok(read.length === SUBUSERS.length && read.every(({ result }) => result.enabled === false));

  const first = async (items) => {
    for await (const item of items) {
      return item;
    }
  };
  assert.strictEqual((await first(opened.getMany(Array(1_000).fill(SUBUSERS[0])))).error, null);
  assert.match(await first(opened.listSubusers()), /^subuser-/);

  const wrong = client({ key: 'SG.wrong' });
  await endsIn('SG_ERR_UNAUTHORIZED', () => collected(wrong.updateMany(false, SUBUSERS.slice(0, 10))));
  wrong.close();
  await inFlight(
    () => collected(opened.updateMany(false, ['fault-silent'])),
    () => opened.cancel(),
  );
  opened.close();
}

function* generated(names, { endless = false, error = null } = {}) {
  do {
    yield* names;
  } while (endless);
  if (error) {
    throw error;
  }
}

async function* awaited(names) {
  for (const name of names) {
    await null;
    yield name;
  }
}

/** The calls for many, given a sequence of this kind: each name that it gives is done once. */
async function sequence(kind) {
  const names = ['subuser-00001', 'subuser-00002', 'subuser-00001'];
  const error = new Error('no more');
  const kinds = {
    repeated: () => names,
    set: () => new Set(names),
    generator: () => generated(names),
    asynchronous: () => awaited(names),
    endless: () => generated(names, { endless: true }),
    throws: () => generated(names, { error }),
  };
  const opened = client();
  const done = [];
  let thrown = null;
  try {
    for await (const item of opened.getMany(kinds[kind]())) {
      assert.strictEqual(item.error, null);
      done[item.index] = item.name;
      if (kind === 'endless' && Object.keys(done).length === names.length) {
        break;
      }
    }
  } catch (failure) {
    thrown = failure;
  } finally {
    opened.close();
  }
  assert.strictEqual(thrown, kind === 'throws' ? error : null);
  if (kind !== 'endless') {
    assert.deepStrictEqual(done, kind === 'set' ? [...new Set(names)] : names);
  }
}

/** What a logger is told of a call that is retried. */
async function log({ on_behalf_of: onBehalfOf, expect_log: expected }) {
  const told = [];
  const tell = (level) => (line) => {
    const [event, ...names] = Array.from(line.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g));
    told.push(`${level} ${event[2]}: ${names.map(([, name]) => name).join(' ')}`);
  };
  const levels = ['error', 'warn', 'info', 'debug'];
  const logger = Object.fromEntries(levels.map((level) => [level, tell(level)]));
  const opened = client({ max_retries: 2, logger });
  try {
    await opened.get({ onBehalfOf: 'subuser-00001' });
    told.length = 0;
    await opened.get({ onBehalfOf });
    assert.deepStrictEqual(told, expected);
  } finally {
    opened.close();
  }
}

const SCENARIOS = { sequence: ({ sequence: kind }) => sequence(kind), log };

async function memory() {
  const opened = client();
  const onBehalfOf = 'nobody';
  const calls = async (count) => {
    for (let number = 0; number < count; number += 1) {
      if (number % 10 === 0) {
        await opened.get({ onBehalfOf: '\n' }).then(assert.fail, () => {});
      } else if (number % 10 === 1) {
        await opened.get({ onBehalfOf }).then(assert.fail, () => {});
      } else if (number % 2 === 1) {
        await opened.update(number % 3 === 0);
      } else {
        const derived = opened.derive();
        await derived.get();
        derived.close();
      }
    }
  };
  const residentKib = () => {
    global.gc();
    return process.memoryUsage.rss() / 1024;
  };
  await calls(2_000);
  // V8's heap grows in steps of megabytes before it levels out; a leak would not level out. (npm run
  // conformance keeps the young generation, which takes longest, small.)
  let grown = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4 && grown >= 2_048; round += 1) {
    const before = residentKib();
    await calls(10_000);
    grown = Math.round(residentKib() - before);
    console.log(`  memory: ${grown >= 0 ? '+' : ''}${grown} KiB over 10,000 calls`);
  }
  opened.close();
  assert.ok(grown < 2_048, `${grown} KiB more`);
}

async function constants() {
  const header = readFileSync(env.CONFORMANCE_HEADER, 'utf8');
  const found = (pattern) =>
    Object.fromEntries([...header.matchAll(pattern)].map(([, name, value]) => [name, Number(value)]));
  assert.deepStrictEqual(found(/\b(SG_OK|SG_ERR_\w+) = (\d+)/g), NUMBERS);
  assert.deepStrictEqual(found(/\bSG_REGION_(\w+) = (\d+)/g), sg.Region);
}

async function secret() {
  const opened = client();
  const shown = inspect(opened, { showHidden: true, depth: 9 });
  for (const text of [String(opened), JSON.stringify(opened), shown, inspect({ opened })]) {
    assert.ok(!text.includes(env.SANDBOX_KEY));
  }
  opened.close();
}

async function main() {
  let passed = 0;
  let failed = 0;
  const attempt = async (name, test) => {
    try {
      await test();
      passed += 1;
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name}: ${error.message}`);
    }
  };
  for (const test of JSON.parse(readFileSync(env.CONFORMANCE_CASES, 'utf8'))) {
    await attempt(test.name, () => (SCENARIOS[test.scenario] ?? runCase)(test));
  }
  await attempt('asynchronous sequence', () => sequence('asynchronous'));
  for (const scenario of [cancel, close, derive, threads, asynchronous, fleet, memory, constants, secret]) {
    await attempt(scenario.name, scenario);
  }
  console.log(`javascript node-${process.versions.node}: ${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main();
