/** What JavaScript adds to the calls: sync forms, signals, disposal, and what is refused. */
'use strict';

const assert = require('node:assert');
const { afterEach, test } = require('node:test');
const sg = require('..');

const { SANDBOX_KEY, SANDBOX_URL, SANDBOX_CA_FILE } = process.env;
const opened = [];

function client(options = {}) {
  const fresh = new sg.Client(SANDBOX_KEY, {
    baseUrl: SANDBOX_URL,
    caFile: SANDBOX_CA_FILE,
    proxy: '',
    maxRetries: 0,
    ...options,
  });
  opened.push(fresh);
  return fresh;
}

afterEach(() => {
  for (const each of opened.splice(0)) {
    each.close();
  }
});

test('a result tells all of the call', async () => {
  const { elapsed, ...rest } = await client().update(false);
  assert.ok(elapsed > 0);
  assert.deepStrictEqual(rest, { enabled: false, httpStatus: 200, attempts: 1, retryAfter: null });
});
test('an error tells all of the call', async () => {
  await assert.rejects(client().update(true, { onBehalfOf: 'fault-not-applied' }), (error) => {
    assert.ok(error instanceof sg.NotApplied && error.elapsed > 0);
    const { code, httpStatus, attempts, enabled } = error;
    assert.deepStrictEqual([code, httpStatus, attempts, enabled], [sg.Code.NOT_APPLIED, 200, 1, false]);
    return true;
  });
});

test('the sync forms', () => {
  const one = client();
  assert.strictEqual(one.updateSync(false, { onBehalfOf: 'subuser-00005' }).enabled, false);
  assert.strictEqual(one.getSync({ onBehalfOf: 'subuser-00005' }).enabled, false);
  assert.throws(() => one.getSync({ onBehalfOf: 'nobody' }), sg.NotFound);
  const options = { onBehalfOf: 'subuser-00006' };
  assert.strictEqual(sg.updateOpenTrackingSync(SANDBOX_KEY, false, options), false);
  assert.strictEqual(sg.getOpenTrackingSync(SANDBOX_KEY, options), false);
  assert.throws(() => sg.getOpenTrackingSync('SG.wrong'), { code: sg.Code.UNAUTHORIZED });
});

test('one-shot calls with a signal', async () => {
  const { signal } = new AbortController();
  const options = { onBehalfOf: 'subuser-00007', signal };
  assert.strictEqual(await sg.updateOpenTracking(SANDBOX_KEY, false, options), false);
  assert.strictEqual(await sg.getOpenTracking(SANDBOX_KEY, options), false);
  const hasty = { onBehalfOf: 'fault-silent', signal: AbortSignal.timeout(50) };
  await assert.rejects(sg.getOpenTracking(SANDBOX_KEY, hasty), (error) => {
    assert.ok(error instanceof sg.CancelledError);
    assert.strictEqual(error.cause.name, 'TimeoutError');
    return true;
  });
});

test('a call that waits for a thread is cut off all the same', async () => {
  const origin = client({ timeout: 30_000 });
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const busy = Array.from({ length: threads }, () => origin.get({ onBehalfOf: 'fault-silent' }));
  const started = performance.now();
  const waiting = client().get({ signal: AbortSignal.timeout(50) });
  await assert.rejects(waiting, sg.CancelledError);
  assert.ok(performance.now() - started < 5_000);
  origin.cancel();
  for (const { reason } of await Promise.allSettled(busy)) {
    assert.ok(reason instanceof sg.CancelledError);
  }
});

test('a signal that has aborted sends nothing', async () => {
  const reason = new Error('enough');
  await assert.rejects(client().get({ signal: AbortSignal.abort(reason) }), { attempts: 0, cause: reason });
});

test('disposal closes', async () => {
  const one = client();
  one[Symbol.dispose]();
  await assert.rejects(one.get(), sg.ClosedError);
  const other = client();
  await other[Symbol.asyncDispose]();
  await assert.rejects(other.get(), sg.ClosedError);
});

test('what is of the wrong type is refused', async () => {
  const one = client();
  const inTurn = [
    [() => one.update('off'), /enabled must be a boolean, not string/],
    [() => one.update(), /enabled must be a boolean, not undefined/],
    [() => one.get({ onBehalfOf: 7 }), /onBehalfOf must be a string, not number/],
    [() => one.get({ on_behalf_of: 'a' }), /no option on_behalf_of; there are onBehalfOf, signal/],
    [async () => one.getSync({ signal: AbortSignal.abort() }), /no option signal/],
    [async () => client({ retries: 3 }), /no option retries; there are timeout/],
    [async () => new sg.Client(undefined), /key must be a string, not undefined/],
    [() => sg.getOpenTracking(SANDBOX_KEY, { behalf: 'a' }), /no option behalf/],
  ];
  for (const [call, message] of inTurn) {
    await assert.rejects(call, (error) => error instanceof TypeError && message.test(error.message));
  }
});

test('times and counts that C would bend are refused', () => {
  for (const value of [Number.NaN, '5', 1.5, Number.POSITIVE_INFINITY, 2 ** 40]) {
    assert.throws(() => client({ maxRetries: value }), sg.ArgumentError, `maxRetries ${value}`);
  }
  for (const value of [Number.NaN, 0, -1, 2 ** 32]) {
    assert.throws(() => client().derive(value), sg.ArgumentError, `derive ${value}`);
  }
  client({ timeout: 0.4, maxRetries: null, region: sg.Region.GLOBAL });
});

test('a fleet: what is refused, and a signal', async () => {
  const one = client();
  const collect = async (items) => {
    const all = [];
    for await (const item of items) {
      all.push(item);
    }
    return all;
  };
  assert.deepStrictEqual(await collect(one.getMany([])), []);
  const [item] = await collect(one.updateMany(false, ['a\0b']));
  assert.ok(item.error instanceof sg.ArgumentError && item.result === null);
  await assert.rejects(collect(one.updateMany('off', ['a'])), TypeError);
  await assert.rejects(collect(one.getMany([7])), TypeError);
  await assert.rejects(collect(one.listSubusers({ onBehalfOf: 'a' })), TypeError);
  const reader = new sg.Client(process.env.SANDBOX_READ_KEY);
  await assert.rejects(collect(reader.listSubusers()), { code: sg.Code.FORBIDDEN, httpStatus: 403 });
  reader.close();
  const signal = AbortSignal.timeout(50);
  await assert.rejects(collect(one.getMany(['fault-silent'], { signal })), (error) => {
    assert.strictEqual(error.cause, signal.reason);
    return error instanceof sg.CancelledError;
  });
  one.close();
  await assert.rejects(collect(one.getMany(['a'])), sg.ClosedError);
});
