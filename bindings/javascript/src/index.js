/** Switch SendGrid's open tracking on or off. The types and their comments are in index.d.ts. */
'use strict';

const { setMaxListeners } = require('node:events');
const { inspect } = require('node:util');
const { isMainThread, markAsUncloneable } = require('node:worker_threads');
const { beside, callHere } = require('./calls.js');
const { check, derived, newClient } = require('./config.js');
const { classes, codeOf, errorOf } = require('./errors.js');
const { logOf, onLog } = require('./log.js');
const { itemToC, lots } = require('./names.js');
const { atEnd, free, lib, newResult, readResult } = require('./native.js');
const { Call, setMaxThreads } = require('./threads.js');
const { Region, checkNames, enabledToC, millisecondsToC, onBehalfOfToC } = require('./arguments.js');

const { ClosedError } = classes;
const DEFAULT_TIMEOUT = 30_000;
const FROM_NATIVE = Symbol('a native client, in place of a key');

// Frees the native client of a Client that was forgotten without being closed.
const forgotten = new FinalizationRegistry(free);

/** A native client beside the main thread, for the asynchronous calls of one that logs; made when it is wanted. */
class Beside {
  #make;
  #pointer = null;

  constructor(make) {
    this.#make = make;
  }

  pointer() {
    this.#pointer ??= this.#make().then((pointer) => {
      atEnd.free.add(pointer);
      forgotten.register(this, pointer, this);
      return pointer;
    });
    return this.#pointer;
  }

  derive(milliseconds) {
    const origin = this.pointer();
    const other = new Beside(async () => derived(await origin, milliseconds));
    other.pointer().catch(() => {}); // at once: the origin may be closed first
    return other;
  }

  close() {
    forgotten.unregister(this);
    this.#pointer?.then(free, () => {});
  }
}

class Client {
  #pointer;
  #region;
  #timeout;
  #log;
  #beside = null;
  #cancelled = false;
  #calls = new Set();

  constructor(key, options = {}, internal) {
    if (key === FROM_NATIVE) {
      [this.#pointer, this.#region, this.#timeout, this.#log, this.#beside] = internal;
    } else {
      const { region = Region.GLOBAL, ...rest } = options;
      this.#log = logOf(rest.logger);
      const made = { key, region, options: rest, log: this.#log };
      this.#pointer = newClient(made, onLog);
      this.#region = region;
      this.#timeout = rest.timeout ?? DEFAULT_TIMEOUT;
      if (this.#log && isMainThread) {
        const { level, number } = this.#log;
        const there = { ...made, options: { ...rest, logger: null }, log: { level, number } };
        this.#beside = new Beside(() => beside('client', there));
      }
    }
    atEnd.free.add(this.#pointer);
    forgotten.register(this, this.#pointer, this);
    markAsUncloneable?.(this); // Node 22.10; before, a clone is an empty object
  }

  async update(enabled, options = {}) {
    return this.#call('sg_client_update', [enabledToC(enabled)], options);
  }

  async get(options = {}) {
    return this.#call('sg_client_get', [], options);
  }

  updateSync(enabled, options = {}) {
    return this.#callSync('sg_client_update', [enabledToC(enabled)], options);
  }

  getSync(options = {}) {
    return this.#callSync('sg_client_get', [], options);
  }

  async *updateMany(enabled, names, options = {}) {
    yield* this.#many('sg_client_update_many', [enabledToC(enabled)], names, options);
  }

  async *getMany(names, options = {}) {
    yield* this.#many('sg_client_get_many', [], names, options);
  }

  async *listSubusers(options = {}) {
    checkNames(options, ['signal']);
    resultOf(yield* this.#stream('sg_client_list_subusers', [], options.signal));
  }

  derive(timeout) {
    const milliseconds = timeout == null ? 0 : millisecondsToC('timeout', timeout);
    const pointer = derived(this.#open(), milliseconds);
    const own = milliseconds || this.#timeout;
    const there = this.#beside && this.#beside.derive(milliseconds);
    return new Client(FROM_NATIVE, undefined, [pointer, this.#region, own, this.#log, there]);
  }

  cancel() {
    this.#cancelled = true;
    if (this.#pointer !== null) {
      lib.sg_client_cancel(this.#pointer);
    }
    for (const call of this.#calls) {
      call.cancel();
    }
  }

  close() {
    this.cancel();
    if (this.#pointer !== null) {
      forgotten.unregister(this);
      free(this.#pointer); // each call has a client of its own
      this.#pointer = null;
      this.#beside?.close();
    }
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    this.close();
    await Promise.allSettled(Array.from(this.#calls, (call) => call.ended));
  }

  [inspect.custom]() {
    return this.toString();
  }

  toString() {
    const region = Object.keys(Region).find((name) => Region[name] === this.#region);
    return `<sg-open-tracking Client region=${region}${this.#pointer === null ? ' closed' : ''}>`;
  }

  #open() {
    if (this.#pointer === null) {
      throw errorOf('SG_ERR_ARGUMENT', 'the client is closed', ClosedError);
    }
    return this.#pointer;
  }

  async #call(name, first, options) {
    checkNames(options, ['onBehalfOf', 'signal']);
    const args = [...first, onBehalfOfToC(options.onBehalfOf)];
    const run = this.#beside ? beside.bind(null, 'call') : callHere;
    const start = (pointer) => run({ name, pointer, args });
    const { signal } = options;
    return resultOf(await untilAborted(signal, this.#begin({ start, timeout: this.#timeout }, signal)));
  }

  #callSync(name, first, options) {
    checkNames(options, ['onBehalfOf']);
    const result = newResult();
    lib[name](this.#open(), ...first, onBehalfOfToC(options.onBehalfOf), result);
    return resultOf(readResult(result));
  }

  async *#many(name, first, names, options) {
    checkNames(options, ['signal']);
    let done = 0;
    for await (const lot of lots(names)) {
      const texts = lot.map(itemToC);
      const toItem = ({ index, result }) => ({ index: done + index, name: lot[index], ...outcomeOf(result) });
      const { code } = yield* this.#stream(name, [...first, texts, texts.length], options.signal, toItem);
      check(codeOf(code) === 'SG_ERR_PARTIAL' ? 0 : code, 'names was refused');
      done += lot.length;
    }
  }

  /** Yields what a native call tells, as it comes; gives what it returned. */
  async *#stream(name, args, signal, toItem = (told) => told) {
    const told = [];
    let ended = false;
    let wake = () => {};
    const tell = (each) => {
      told.push(toItem(each));
      wake();
    };
    const run = isMainThread ? beside.bind(null, 'call') : callHere;
    const start = (pointer) => run({ name, pointer, args }, tell);
    const call = this.#begin({ start, stream: true }, signal);
    const done = untilAborted(signal, call);
    const end = () => {
      ended = true;
      wake();
    };
    done.then(end, end);
    try {
      while (!ended || told.length > 0) {
        if (told.length === 0) {
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
        yield* told.splice(0);
      }
      return await done;
    } finally {
      call.cancel(); // should the loop have been left early
    }
  }

  #begin(call, signal) {
    signal?.throwIfAborted();
    this.#open();
    if (this.#cancelled) {
      throw errorOf('SG_ERR_CANCELLED', 'the client was cancelled');
    }
    const there = this.#beside;
    const derive = there
      ? async (milliseconds) => derived(await there.pointer(), milliseconds)
      : (milliseconds) => derived(this.#pointer, milliseconds);
    const begun = new Call({ derive, ...call });
    const forget = () => this.#calls.delete(begun);
    this.#calls.add(begun);
    begun.ended.then(forget, forget);
    return begun;
  }
}

/** Does not wait for the native call to end. */
function untilAborted(signal, call) {
  if (!signal) {
    return call.ended;
  }
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason);
      call.cancel();
    };
    setMaxListeners(0, signal); // it may be that of any number of calls
    signal.addEventListener('abort', abort, { once: true });
    call.ended.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** What a call ended in: its result, or the error for it. */
function resultOf(raw) {
  const details = {
    httpStatus: raw.http_status,
    attempts: raw.attempts,
    retryAfter: raw.retry_after_ms < 0 ? null : raw.retry_after_ms,
    elapsed: raw.elapsed_us / 1000,
  };
  const code = codeOf(raw.code);
  if (code === 'SG_OK') {
    return { enabled: raw.enabled, ...details };
  }
  const enabled = code === 'SG_ERR_NOT_APPLIED' ? raw.enabled : null;
  throw Object.assign(errorOf(code, raw.message), details, { enabled });
}

/** The same as a value: of many, one that failed is no reason to stop. */
function outcomeOf(raw) {
  try {
    return { result: resultOf(raw), error: null };
  } catch (error) {
    return { result: null, error };
  }
}

/** One call on a client of its own. */
async function once(key, { onBehalfOf, signal, ...options }, call) {
  const client = new Client(key, options);
  try {
    return (await call(client, { onBehalfOf, signal })).enabled;
  } finally {
    client.close();
  }
}

function onceSync(key, { onBehalfOf, ...options }, call) {
  const client = new Client(key, options);
  try {
    return call(client, { onBehalfOf }).enabled;
  } finally {
    client.close();
  }
}

async function updateOpenTracking(key, enabled, options = {}) {
  return once(key, options, (client, call) => client.update(enabled, call));
}

async function getOpenTracking(key, options = {}) {
  return once(key, options, (client, call) => client.get(call));
}

function updateOpenTrackingSync(key, enabled, options = {}) {
  return onceSync(key, options, (client, call) => client.updateSync(enabled, call));
}

function getOpenTrackingSync(key, options = {}) {
  return onceSync(key, options, (client, call) => client.getSync(call));
}

function libraryVersion() {
  return lib.sg_version();
}

module.exports = {
  ...classes,
  Client,
  Region,
  getOpenTracking,
  getOpenTrackingSync,
  libraryVersion,
  setMaxThreads,
  updateOpenTracking,
  updateOpenTrackingSync,
};
