/** Native calls that report by a callback, which koffi hands from libuv's thread to JavaScript's, and waits. */
'use strict';

const { promisify } = require('node:util');
const { isMainThread } = require('node:worker_threads');
const { Helper } = require('./helper.js');
const { OnResult, OnSubuser, lib, newResult, readResult, register, unregister } = require('./native.js');

/** Runs such a call, and tells each subuser's name, or result with its index; gives the `sg_result`, or its code. */
async function streamHere({ name, pointer, args }, tell) {
  const list = name === 'sg_client_list_subusers';
  const told = list
    ? (_, username) => tell(username)
    : (_, index, memory) => tell({ index, result: readResult(memory) });
  const callback = register(
    (...reported) => {
      told(...reported);
      return true;
    },
    list ? OnSubuser : OnResult,
  );
  const result = newResult();
  try {
    const code = await promisify(lib[name].async)(pointer, ...args, callback, null, list ? result : null);
    return list ? readResult(result) : { code };
  } finally {
    unregister(callback);
  }
}

let helper = null;

/** As process.exit() stops the main thread at once, a report from there would be waited for for ever. */
function streamInHelper(call, tell) {
  helper ??= new Helper();
  return helper.ask('stream', call, tell);
}

module.exports = { stream: isMainThread ? streamInHelper : streamHere, streamHere };
