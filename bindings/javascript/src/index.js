/** Switch SendGrid's open tracking on or off. The types and their comments are in index.d.ts. */
'use strict';

const { inspect, promisify } = require('node:util');
const { errorOf, ...errors } = require('./errors.js');
const native = require('./native.js');
const {
  KEY,
  ON_BEHALF_OF,
  OPTIONS,
  Region,
  checkNames,
  enabledToC,
  itemToC,
  millisecondsToC,
  onBehalfOfToC,
  regionToC,
  textToC,
} = require('./arguments.js');

const { Code, ClosedError } = errors;
const lib = native.load();
const ENVIRONMENT = 'SG_OPEN_TRACKING_BASE_URL, if set, what baseUrl may be';
const ONE_CALL = `key must be ${KEY}; onBehalfOf ${ON_BEHALF_OF}; ${ENVIRONMENT}`;
const FROM_NATIVE = Symbol('a native client, in place of a key');

// Frees the native client of a Client that was forgotten without being closed.
const forgotten = new FinalizationRegistry((pointer) => lib.sg_client_free(pointer));

class Client {
  #pointer;
  #region;
  #calls = 0;
  #closed = false;
  #cancelled = false;
  #aside = new Set();

  constructor(key, options = {}, ...internal) {
    if (key === FROM_NATIVE) {
      [this.#pointer, this.#region] = internal;
    } else {
      const { region = Region.GLOBAL, ...rest } = options;
      this.#pointer = newClient(key, region, rest);
      this.#region = region;
    }
    forgotten.register(this, this.#pointer, this);
  }

  /** In a thread of libuv's pool, so that the event loop stays free. */
  async update(enabled, options = {}) {
    return this.#call(lib.sg_client_update, [enabledToC(enabled)], options);
  }

  async get(options = {}) {
    return this.#call(lib.sg_client_get, [], options);
  }

  updateSync(enabled, options = {}) {
    return this.#callSync(lib.sg_client_update, [enabledToC(enabled)], options);
  }

  getSync(options = {}) {
    return this.#callSync(lib.sg_client_get, [], options);
  }

  async *updateMany(enabled, names, options = {}) {
    yield* this.#many(lib.sg_client_update_many, [enabledToC(enabled)], names, options);
  }

  async *getMany(names, options = {}) {
    yield* this.#many(lib.sg_client_get_many, [], names, options);
  }

  async *listSubusers(options = {}) {
    const result = {};
    const start = (call, callback) => call.#run(lib.sg_client_list_subusers, callback, null, result);
    yield* this.#stream(native.OnSubuser, (_, name) => name, start, options);
    resultOf(result);
  }

  derive(timeout) {
    const milliseconds = timeout == null ? 0 : millisecondsToC('timeout', timeout);
    const out = [null];
    check(lib.sg_client_derive(this.#open(), milliseconds, out), 'timeout was refused');
    return new Client(FROM_NATIVE, undefined, out[0], this.#region);
  }

  cancel() {
    this.#cancelled = true;
    if (this.#pointer !== null) {
      lib.sg_client_cancel(this.#pointer);
    }
    for (const call of this.#aside) {
      call.cancel();
    }
  }

  close() {
    this.cancel();
    this.#closed = true;
    this.#freeIfUnused();
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    this.close();
  }

  [inspect.custom]() {
    return this.toString();
  }

  toString() {
    const region = Object.keys(Region).find((name) => Region[name] === this.#region);
    return `<sg-open-tracking Client region=${region}${this.#closed ? ' closed' : ''}>`;
  }

  #open() {
    if (this.#closed) {
      throw errorOf(Code.ARGUMENT, 'the client is closed', ClosedError);
    }
    return this.#pointer;
  }

  /** The last call to end frees what a closed client held. */
  #freeIfUnused() {
    if (this.#closed && this.#calls === 0 && this.#pointer !== null) {
      forgotten.unregister(this);
      lib.sg_client_free(this.#pointer);
      this.#pointer = null;
    }
  }

  /** A native call in a thread of libuv's pool. What it runs on is not freed meanwhile. */
  async #run(native, ...args) {
    const pointer = this.#open();
    this.#calls += 1;
    try {
      return await promisify(native.async)(pointer, ...args);
    } finally {
      this.#calls -= 1;
      this.#freeIfUnused();
    }
  }

  async #call(run, first, options) {
    checkNames(options, ['onBehalfOf', 'signal']);
    if (options.signal) {
      return this.#callUntil(options.signal, run, first, options);
    }
    const result = {};
    await this.#run(run, ...first, onBehalfOfToC(options.onBehalfOf), result);
    return resultOf(result);
  }

  #callSync(run, first, options) {
    checkNames(options, ['onBehalfOf']);
    const result = {};
    run(this.#open(), ...first, onBehalfOfToC(options.onBehalfOf), result);
    return resultOf(result);
  }

  async #callUntil(signal, run, first, { onBehalfOf }) {
    const call = this.#forOneCall(signal);
    try {
      return await untilAborted(signal, call, call.#call(run, first, { onBehalfOf }));
    } finally {
      this.#letGo(call);
    }
  }

  async *#many(run, first, names, options) {
    const given = Array.from(names);
    const texts = given.map(itemToC);
    const toItem = (_, index, result) => ({
      index,
      name: given[index],
      ...outcomeOf(native.resultAt(result)),
    });
    const start = (call, callback) => call.#run(run, ...first, texts, texts.length, callback, null, null);
    const code = yield* this.#stream(native.OnResult, toItem, start, options);
    check(code === Code.PARTIAL ? Code.OK : code, 'names was refused');
  }

  /** Yields what a native call tells its callback, as it comes; what that call returned is the end. */
  async *#stream(prototype, toItem, start, options) {
    checkNames(options, ['signal']);
    const { signal } = options;
    const call = this.#forOneCall(signal);
    const told = [];
    let ended = false;
    let wake = () => {};
    const callback = native.register((...args) => {
      told.push(toItem(...args));
      wake();
      return true;
    }, prototype);
    const returned = start(call, callback).finally(() => native.unregister(callback));
    const done = signal ? untilAborted(signal, call, returned) : returned;
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
      this.#letGo(call); // ends the native call, should the loop have been left early
    }
  }

  /** A client derived for one call alone. This client's cancel and close reach it until it is let go. */
  #forOneCall(signal) {
    if (signal?.aborted) {
      throw abortedBy(signal);
    }
    const call = this.derive();
    this.#aside.add(call);
    if (this.#cancelled) {
      call.cancel();
    }
    return call;
  }

  #letGo(call) {
    this.#aside.delete(call);
    call.close();
  }
}

/** Does not wait for the native call to end: it may not have had a thread yet. */
function untilAborted(signal, call, promise) {
  return new Promise((resolve, reject) => {
    const abort = () => {
      call.cancel();
      reject(abortedBy(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function abortedBy(signal) {
  return Object.assign(errorOf(Code.CANCELLED, 'the call was cancelled by its signal'), {
    cause: signal.reason,
  });
}

function newClient(key, region, options) {
  checkNames(options, Object.keys(OPTIONS));
  const out = [null];
  const config = lib.sg_config_new();
  try {
    for (const [name, value] of Object.entries(options)) {
      if (value != null) {
        const { setter, toC, allowed } = OPTIONS[name];
        check(lib[setter](config, toC(name, value)), `${name} must be ${allowed}`);
      }
    }
    const code = lib.sg_client_new(textToC('key', key), regionToC(region), config, out);
    check(code, `key must be ${KEY}; ${ENVIRONMENT}`);
  } finally {
    lib.sg_config_free(config);
  }
  return out[0];
}

/** What a call ended in: its result, or the error for it. */
function resultOf(raw) {
  const details = {
    httpStatus: raw.http_status,
    attempts: raw.attempts,
    retryAfter: raw.retry_after_ms < 0 ? null : raw.retry_after_ms,
    elapsed: raw.elapsed_us / 1000,
  };
  if (raw.code === Code.OK) {
    return { enabled: raw.enabled, ...details };
  }
  const enabled = raw.code === Code.NOT_APPLIED ? raw.enabled : null;
  throw Object.assign(errorOf(raw.code, raw.message), details, { enabled });
}

/** The same as a value: of many, one that failed is no reason to stop. */
function outcomeOf(raw) {
  try {
    return { result: resultOf(raw), error: null };
  } catch (error) {
    return { result: null, error };
  }
}

/** Throws what a bare code means; `refusal` says it for a refused argument. */
function check(code, refusal) {
  if (code !== Code.OK) {
    throw errorOf(code, code === Code.ARGUMENT ? refusal : lib.sg_strerror(code));
  }
}

function oneCall(key, { region = Region.GLOBAL, onBehalfOf, ...rest }, more = []) {
  checkNames(rest, more);
  return [textToC('key', key), regionToC(region), onBehalfOfToC(onBehalfOf)];
}

async function updateOpenTracking(key, enabled, options = {}) {
  const [text, region, name] = oneCall(key, options, ['signal']);
  if (options.signal) {
    return withClient(text, region, (client) =>
      client.update(enabled, { onBehalfOf: name, signal: options.signal }),
    );
  }
  const reported = [false];
  const run = promisify(lib.sg_open_tracking_update.async);
  check(await run(text, enabledToC(enabled), region, name, reported), ONE_CALL);
  return reported[0];
}

async function getOpenTracking(key, options = {}) {
  const [text, region, name] = oneCall(key, options, ['signal']);
  if (options.signal) {
    return withClient(text, region, (client) => client.get({ onBehalfOf: name, signal: options.signal }));
  }
  const reported = [false];
  check(await promisify(lib.sg_open_tracking_get.async)(text, region, name, reported), ONE_CALL);
  return reported[0];
}

/** One call that a signal can cut off, for which it has a client and a connection of its own. */
async function withClient(key, region, call) {
  const client = new Client(key, { region });
  try {
    return (await call(client)).enabled;
  } finally {
    client.close();
  }
}

function updateOpenTrackingSync(key, enabled, options = {}) {
  const [text, region, name] = oneCall(key, options);
  const reported = [false];
  check(lib.sg_open_tracking_update(text, enabledToC(enabled), region, name, reported), ONE_CALL);
  return reported[0];
}

function getOpenTrackingSync(key, options = {}) {
  const [text, region, name] = oneCall(key, options);
  const reported = [false];
  check(lib.sg_open_tracking_get(text, region, name, reported), ONE_CALL);
  return reported[0];
}

function libraryVersion() {
  return lib.sg_version();
}

module.exports = {
  ...errors,
  Client,
  Region,
  getOpenTracking,
  getOpenTrackingSync,
  libraryVersion,
  updateOpenTracking,
  updateOpenTrackingSync,
};
