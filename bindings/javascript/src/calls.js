/** Native calls in a thread of libuv's pool, here or beside the main thread. */
'use strict';

const { Helper } = require('./helper.js');
const { OnResult, OnSubuser, inPool, newResult, readResult, register, unregister } = require('./native.js');

/** Gives the `sg_result`; of calls for many, which tell each of theirs with its index, the code alone. */
async function callHere({ name, pointer, args }, tell) {
  const call = inPool[name];
  const result = newResult();
  if (name === 'sg_client_get' || name === 'sg_client_update') {
    await call(pointer, ...args, result);
    return readResult(result);
  }
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
  try {
    const code = await call(pointer, ...args, callback, null, list ? result : null);
    return list ? readResult(result) : { code };
  } finally {
    unregister(callback);
  }
}

let helper = null;

/**
 * What the library reports by a callback, koffi hands over to the thread that runs JavaScript, and waits. As
 * process.exit() stops the main thread at once, it would wait for that for ever; workers are stopped in order.
 */
function beside(task, argument, tell) {
  helper ??= new Helper();
  return helper.ask(task, argument, tell);
}

module.exports = { beside, callHere };
