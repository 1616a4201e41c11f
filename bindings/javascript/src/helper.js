/** A worker of our own, for what the thread that makes the calls can't do; see worker.js. */
'use strict';

const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { errorOf } = require('./errors.js');
const { report } = require('./log.js');
const { path } = require('./native.js');

/** It keeps the process alive only while an answer is due. */
class Helper {
  #worker;
  #due = new Map();
  #asked = 0;
  #failure = null;

  constructor() {
    const env = { ...process.env, SG_OPEN_TRACKING_LIBRARY: path };
    this.#worker = new Worker(join(__dirname, 'worker.js'), { env, execArgv: [] });
    this.#worker.unref();
    this.#worker.on('message', ({ number, told, returned, error, log }) => {
      if (log) {
        report(...log);
      } else if (told !== undefined) {
        this.#due.get(number).tell(told);
      } else {
        this.#answered(number, returned, error);
      }
    });
    this.#worker.on('error', (error) => this.#failed(error.message));
    this.#worker.on('exit', () => this.#failed('it has ended'));
  }

  /** What the task returns. Meanwhile `tell` gets what it tells. */
  ask(task, argument, tell) {
    if (this.#failure) {
      return Promise.reject(this.#failure);
    }
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#asked += 1;
      this.#due.set(this.#asked, { resolve, reject, tell });
      this.#worker.postMessage({ number: this.#asked, task, argument });
    });
  }

  #answered(number, returned, error) {
    const { resolve, reject } = this.#due.get(number);
    this.#due.delete(number);
    if (this.#due.size === 0) {
      this.#worker.unref();
    }
    if (error) {
      reject(error);
    } else {
      resolve(returned);
    }
  }

  #failed(reason) {
    this.#failure ??= errorOf('SG_ERR_INTERNAL', `the worker of this package failed: ${reason}`);
    for (const number of this.#due.keys()) {
      this.#answered(number, undefined, this.#failure);
    }
  }
}

module.exports = { Helper };
