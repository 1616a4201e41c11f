/**
 * The calls that are under way, in threads of libuv's pool: a bounded number at once, since file and DNS operations
 * share that pool; the others wait. They are cut off when the JavaScript that made them ends.
 */
'use strict';

const { isMainThread } = require('node:worker_threads');
const { refused } = require('./arguments.js');
const { errorOf } = require('./errors.js');
const { Helper } = require('./helper.js');
const { atEnd, lib } = require('./native.js');

/** Half of the pool, which is also what libuv itself gives to slow work. */
let most = Math.max(1, Math.floor((Number(process.env.UV_THREADPOOL_SIZE) || 4) / 2));
let running = 0;
let streams = 0;
const waiting = new Set();
const underWay = new Set();

const LONGEST_TIMER = 2 ** 31 - 1;

function setMaxThreads(count) {
  if (!(Number.isInteger(count) && count >= 1 && count <= 1024)) {
    throw refused('the number of threads must be 1 to 1024');
  }
  most = count;
  admit();
}

/** Calls for many last long: they leave one thread to the others. */
const mayBegin = ({ stream }) => running < most && (!stream || streams < Math.max(1, most - 1));

function count(call, step) {
  running += step;
  streams += call.stream ? step : 0;
}

function admit() {
  for (const call of waiting) {
    if (running >= most) {
      return;
    }
    if (mayBegin(call)) {
      call.begin();
    }
  }
}

/** As Node ends only when the threads of its pool are done. */
function cutOff() {
  for (const pointer of underWay) {
    lib.sg_client_cancel(pointer);
  }
}

/**
 * A worker that is terminated runs no JavaScript any more. But Node ends the workers of a worker first, then waits
 * for its calls: so it has one whose cleanup hooks cancel them.
 */
let guard = null;

async function enter(pointer) {
  if (underWay.size === 0) {
    process.on('exit', cutOff);
  }
  underWay.add(pointer);
  if (!isMainThread) {
    atEnd.free.add(pointer);
    guard ??= new Helper();
    await guard.ask('guard', pointer);
  }
}

async function leave(pointer) {
  if (!isMainThread) {
    await guard.ask('unguard', pointer);
    atEnd.free.remove(pointer);
  }
  underWay.delete(pointer);
  if (underWay.size === 0) {
    process.off('exit', cutOff);
  }
  lib.sg_client_free(pointer);
}

/**
 * A call that has, or waits for, a thread. It is made on a client derived for it: so it can be cut off alone, and
 * its time is what the wait has left of it.
 */
class Call {
  #pointer = null;
  #cancelled = false;
  #refuse = () => {};

  /**
   * `derive(ms)` makes that client, with 0 for its origin's own timeout; `start(pointer)` makes the native call.
   * `timeout` is the call's in milliseconds; a `stream`, which is a call for many, has none as a whole.
   */
  constructor({ derive, start, timeout, stream = false }) {
    this.stream = stream;
    this.ended = this.#run(derive, start, timeout);
  }

  cancel() {
    this.#cancelled = true;
    if (this.#pointer === null) {
      this.#refuse(tooEarly());
    } else {
      lib.sg_client_cancel(this.#pointer);
    }
  }

  async #run(derive, start, timeout) {
    let left = 0;
    if (mayBegin(this)) {
      count(this, 1);
    } else {
      left = await this.#turn(timeout);
    }
    try {
      if (this.#cancelled) {
        throw tooEarly();
      }
      const pointer = await derive(left);
      this.#pointer = pointer;
      if (this.#cancelled) {
        lib.sg_client_cancel(pointer);
      }
      try {
        await enter(pointer);
        return await start(pointer);
      } finally {
        this.#pointer = null;
        await leave(pointer);
      }
    } finally {
      count(this, -1);
      admit();
    }
  }

  /** Waits for a thread; gives what is then left of the time. */
  #turn(timeout) {
    const started = performance.now();
    return new Promise((resolve, reject) => {
      const late = () => this.#refuse(tooLate(timeout));
      const timer = timeout ? setTimeout(late, Math.min(timeout, LONGEST_TIMER)) : undefined;
      const end = () => {
        clearTimeout(timer);
        waiting.delete(this);
      };
      this.begin = () => {
        end();
        count(this, 1);
        resolve(timeout ? Math.max(1, Math.round(timeout - (performance.now() - started))) : 0);
      };
      this.#refuse = (error) => {
        end();
        reject(error);
      };
      waiting.add(this);
    });
  }
}

const tooEarly = () => errorOf('SG_ERR_CANCELLED', 'the call was cancelled before it had a thread');

function tooLate(timeout) {
  const message = `timed out after ${timeout} ms: other calls, of which ${most} may run at once, had the threads`;
  return Object.assign(errorOf('SG_ERR_TIMEOUT', message), { elapsed: timeout });
}

module.exports = { Call, setMaxThreads };
