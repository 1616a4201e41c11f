/** What runs in a `Helper`. */
'use strict';

const { parentPort } = require('node:worker_threads');
const { atEnd } = require('./native.js');
const { streamHere } = require('./streams.js');

const TASKS = {
  guard: (pointer) => atEnd.cancel.add(pointer),
  unguard: (pointer) => atEnd.cancel.remove(pointer),
  stream: streamHere,
};

parentPort.on('message', async ({ number, task, argument }) => {
  const tell = (told) => parentPort.postMessage({ number, told });
  try {
    parentPort.postMessage({ number, returned: await TASKS[task](argument, tell) });
  } catch (error) {
    parentPort.postMessage({ number, error });
  }
});
