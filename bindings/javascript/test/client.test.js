/** What JavaScript adds to the calls: sync forms, signals, disposal, and what is refused. */
'use strict';

const assert = require('node:assert');
const { subscribe, unsubscribe } = require('node:diagnostics_channel');
const { lookup } = require('node:dns/promises');
const { readFile } = require('node:fs/promises');
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

async function collect(items) {
  const all = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
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
    assert.deepStrictEqual([code, httpStatus, attempts, enabled], ['SG_ERR_NOT_APPLIED', 200, 1, false]);
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
  assert.throws(() => sg.getOpenTrackingSync('SG.wrong'), { code: 'SG_ERR_UNAUTHORIZED' });
});

test('one-shot calls take all options, and their errors tell all', async () => {
  const { signal } = new AbortController();
  const options = { onBehalfOf: 'subuser-00007', signal, timeout: 20_000, baseUrl: SANDBOX_URL, proxy: '' };
  assert.strictEqual(await sg.updateOpenTracking(SANDBOX_KEY, false, options), false);
  assert.strictEqual(await sg.getOpenTracking(SANDBOX_KEY, options), false);
  const refused = { code: 'SG_ERR_NOT_FOUND', httpStatus: 404, attempts: 1, retryAfter: null };
  await assert.rejects(sg.getOpenTracking(SANDBOX_KEY, { onBehalfOf: 'nobody' }), refused);
  assert.throws(() => sg.updateOpenTrackingSync(SANDBOX_KEY, true, { onBehalfOf: 'nobody' }), refused);
  const hasty = { onBehalfOf: 'fault-silent', timeout: 50 };
  await assert.rejects(sg.getOpenTracking(SANDBOX_KEY, hasty), sg.TimeoutError);
  assert.throws(() => sg.getOpenTrackingSync(SANDBOX_KEY, hasty), sg.TimeoutError);
});

test('a signal rejects by its reason', async () => {
  const one = client();
  const slow = (signal) => one.get({ onBehalfOf: 'fault-silent', signal });
  await assert.rejects(slow(AbortSignal.timeout(50)), { name: 'TimeoutError', constructor: DOMException });
  await assert.rejects(slow(AbortSignal.abort()), { name: 'AbortError', constructor: DOMException });
  const reason = new Error('enough');
  const isReason = (error) => error === reason;
  await assert.rejects(slow(AbortSignal.abort(reason)), isReason);
  const controller = new AbortController();
  setImmediate(() => controller.abort(reason));
  const { signal } = controller;
  await assert.rejects(sg.getOpenTracking(SANDBOX_KEY, { onBehalfOf: 'fault-silent', signal }), isReason);
  await assert.rejects(collect(one.getMany(['subuser-00001'], { signal })), isReason);
});

test('an abort storm', async () => {
  const one = client();
  const controllers = Array.from({ length: 1_000 }, () => new AbortController());
  const calls = controllers.map(({ signal }) => one.get({ onBehalfOf: 'fault-delay-10', signal }));
  const outcomes = Promise.allSettled(calls);
  for (const controller of controllers) {
    controller.abort();
  }
  const others = controllers.map(() => new AbortController().signal);
  const signal = AbortSignal.any?.(others) ?? others[0];
  const more = Promise.all(others.map(() => one.get({ signal }))); // one signal for many calls
  assert.ok((await outcomes).every(({ reason }) => reason.name === 'AbortError'));
  assert.strictEqual((await more).length, others.length);
});

test('any number of calls queue, and may be cancelled there', async () => {
  const origin = client({ timeout: 30_000 });
  const silent = Array.from({ length: 600 }, () => origin.get({ onBehalfOf: 'fault-silent' }));
  const ended = Promise.allSettled(silent);
  const waiting = client().get({ signal: AbortSignal.timeout(50) });
  await assert.rejects(waiting, { name: 'TimeoutError' });
  origin.cancel();
  for (const { reason } of await ended) {
    assert.ok(reason instanceof sg.CancelledError, reason);
  }
  await client().get();
});

test('the wait for a thread counts against the timeout', async () => {
  const origin = client({ timeout: 30_000 });
  const busy = Promise.allSettled(
    Array.from({ length: 2 }, () => origin.get({ onBehalfOf: 'fault-silent' })),
  );
  await assert.rejects(client({ timeout: 100 }).get(), (error) => {
    assert.ok(error instanceof sg.TimeoutError && error.attempts === 0);
    assert.match(error.message, /2 may run at once/);
    return true;
  });
  // Its time has half passed when it gets a thread.
  const half = client({ timeout: 1_000 }).get({ onBehalfOf: 'fault-silent' });
  setTimeout(() => origin.cancel(), 500);
  await assert.rejects(half, (error) => error instanceof sg.TimeoutError && error.elapsed < 800);
  await busy;
});

test('files and names of hosts are not held up', async () => {
  const origin = client({ timeout: 30_000 });
  const calls = Array.from({ length: 20 }, () => origin.get({ onBehalfOf: 'fault-silent' }));
  calls.push(collect(origin.getMany(['fault-silent'])), collect(origin.listSubusers()));
  const busy = Promise.allSettled(calls);
  const started = performance.now();
  await Promise.all([readFile(__filename), lookup('localhost'), readFile(__filename)]);
  const took = performance.now() - started;
  assert.ok(took < 5_000, `they took ${took} ms`);
  origin.cancel();
  await busy;
});

test('the number of threads can be set', async () => {
  const took = async () => {
    const one = client();
    const started = performance.now();
    await Promise.all(Array.from({ length: 4 }, () => one.get({ onBehalfOf: 'fault-delay-300' })));
    return performance.now() - started;
  };
  try {
    sg.setMaxThreads(1);
    assert.ok((await took()) >= 1_200);
    sg.setMaxThreads(4);
    assert.ok((await took()) < 1_200);
    for (const wrong of [0, 1.5, '4', 1025]) {
      assert.throws(() => sg.setMaxThreads(wrong), sg.ArgumentError);
    }
  } finally {
    sg.setMaxThreads(2); // as it was: half of libuv's 4
  }
});

test('a client is not copied to another thread', () => {
  const one = client();
  let copy = {};
  try {
    copy = structuredClone(one);
  } catch (error) {
    assert.strictEqual(error.name, 'DataCloneError');
  }
  assert.strictEqual(copy.get, undefined);
  assert.throws(() => Object.assign(Object.create(sg.Client.prototype), one).getSync(), TypeError);
});

test('asyncDispose waits for the calls', async () => {
  const one = client();
  let ended = 0;
  for (let number = 0; number < 3; number += 1) {
    const end = () => {
      ended += 1;
    };
    one.get({ onBehalfOf: 'fault-silent' }).then(end, end);
  }
  await one[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
  assert.strictEqual(ended, 3);
});

test('disposal closes', async () => {
  const one = client();
  one[Symbol.dispose]();
  await assert.rejects(one.get(), sg.ClosedError);
  const other = client();
  await other[Symbol.asyncDispose]();
  await assert.rejects(other.get(), sg.ClosedError);
});

test('what is of the wrong type is refused, by one kind of error', async () => {
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
    [() => collect(one.getMany('subuser-00001')), /names must be an iterable/],
    [() => collect(one.getMany(undefined)), /names must be an iterable/],
    [() => collect(one.getMany(new Map([['a', 1]]))), /names must be strings, not object/],
  ];
  for (const [call, message] of inTurn) {
    await assert.rejects(call, (error) => error instanceof sg.ArgumentError && message.test(error.message));
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
  assert.deepStrictEqual(await collect(one.getMany([])), []);
  const [item] = await collect(one.updateMany(false, ['a\0b']));
  assert.ok(item.error instanceof sg.ArgumentError && item.result === null);
  await assert.rejects(collect(one.updateMany('off', ['a'])), sg.ArgumentError);
  await assert.rejects(collect(one.getMany([7])), sg.ArgumentError);
  await assert.rejects(collect(one.listSubusers({ onBehalfOf: 'a' })), sg.ArgumentError);
  const reader = new sg.Client(process.env.SANDBOX_READ_KEY);
  await assert.rejects(collect(reader.listSubusers()), { code: 'SG_ERR_FORBIDDEN', httpStatus: 403 });
  reader.close();
  const signal = AbortSignal.timeout(50);
  await assert.rejects(
    collect(one.getMany(['fault-silent'], { signal })),
    (error) => error === signal.reason,
  );
  one.close();
  await assert.rejects(collect(one.getMany(['a'])), sg.ClosedError);
});

test('names come from what is asynchronous, slow, endless, or thrown away', async () => {
  const one = client();
  const closed = [];
  async function* slow() {
    try {
      yield 'subuser-00001';
      yield 'subuser-00002';
      await new Promise(() => {}); // the first two are not held back for a third
    } finally {
      closed.push('slow');
    }
  }
  const seen = [];
  for await (const { name } of one.getMany(slow())) {
    seen.push(name);
    if (seen.length === 2) {
      break;
    }
  }
  let read = 0;
  function* endless() {
    try {
      for (;;) {
        read += 1;
        yield 'subuser-00003';
      }
    } finally {
      closed.push('endless');
    }
  }
  for await (const { index } of one.getMany(endless())) {
    if (index === 1_500) {
      break;
    }
  }
  assert.deepStrictEqual(
    [seen.sort(), closed, read],
    [['subuser-00001', 'subuser-00002'], ['endless'], 2_000],
  );
  assert.strictEqual((await collect(one.getMany(one.listSubusers()))).length, 25);
});

/** A logger that keeps what it is told, with its level; `wanted` is the least. */
function keeping(wanted = 'debug') {
  const levels = ['error', 'warn', 'info', 'debug'];
  const lines = [];
  const logger = { isLevelEnabled: (level) => levels.indexOf(level) <= levels.indexOf(wanted) };
  for (const level of levels) {
    logger[level] = (line) => lines.push([level, line]);
  }
  return { logger, lines };
}

test('a logger is told of all calls, and of no key', async () => {
  const { logger, lines } = keeping();
  const one = client({ logger });
  const told = async (call) => {
    lines.length = 0;
    await call();
    assert.ok(lines.some(([level, line]) => level === 'debug' && line.startsWith('event=sent ')));
    assert.ok(!JSON.stringify(lines).includes(SANDBOX_KEY));
    return lines.at(-1);
  };
  assert.match((await told(() => one.get()))[1], /^event=end level=info .*code=SG_OK/);
  await told(async () => one.getSync());
  await told(() => one.derive(5_000).update(false));
  await told(() => collect(one.getMany(['subuser-00001'])));
  await told(() => collect(one.listSubusers()));
  const echo = { onBehalfOf: 'fault-echo-key' };
  const [level, line] = await told(() => assert.rejects(one.get(echo), sg.Forbidden));
  assert.ok(level === 'error' && line.includes('code=SG_ERR_FORBIDDEN'), line);
  await told(() => sg.getOpenTracking(SANDBOX_KEY, { logger }));
  await told(async () => sg.getOpenTrackingSync(SANDBOX_KEY, { logger }));
});

test('a logger is told what it wants', async () => {
  const { logger, lines } = keeping('error');
  const one = client({ logger });
  await one.get();
  assert.deepStrictEqual(lines, []);
  await assert.rejects(one.get({ onBehalfOf: 'nobody' }), sg.NotFound);
  assert.deepStrictEqual([lines.length, lines[0][0]], [1, 'error']);
  assert.throws(() => client({ logger: { info() {} } }), sg.ArgumentError);
});

test('a logger that throws disturbs no call', async () => {
  const logger = { ...keeping().logger };
  logger.debug = () => {
    throw new Error('no');
  };
  const one = client({ logger });
  assert.strictEqual((await one.get()).httpStatus, 200);
  assert.strictEqual(one.getSync().httpStatus, 200);
});

test('a channel has the fields', async () => {
  const messages = [];
  const keep = (message) => messages.push(message);
  subscribe('sg-open-tracking:log', keep);
  try {
    await client().get({ onBehalfOf: 'news@example.com' });
  } finally {
    unsubscribe('sg-open-tracking:log', keep);
  }
  const { level, line, fields } = messages.at(-1);
  assert.deepStrictEqual([level, fields.event, fields.on_behalf_of], ['info', 'end', 'news@example.com']);
  assert.ok(line.startsWith('event=end level=info '));
});
