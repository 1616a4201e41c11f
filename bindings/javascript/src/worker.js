/** What runs in a `Helper`. */
'use strict';

const { parentPort } = require('node:worker_threads');
const { callHere } = require('./calls.js');
const { newClient } = require('./config.js');
const { onLog } = require('./log.js');
const { atEnd } = require('./native.js');

const handOn = () => onLog((...log) => parentPort.postMessage({ log }));

const TASKS = {
  guard: (pointer) => atEnd.cancel.add(pointer),
  unguard: (pointer) => atEnd.cancel.remove(pointer),
  client: (made) => newClient(made, handOn),
  call: callHere,
};

parentPort.on('message', async ({ number, task, argument }) => {
  const tell = (told) => parentPort.postMessage({ number, told });
  try {
    parentPort.postMessage({ number, returned: await TASKS[task](argument, tell) });
  } catch (error) {
    parentPort.postMessage({ number, error });
  }
});
