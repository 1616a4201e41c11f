/** The koffi layer: finds the library, checks its version and declares its functions. */
'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { promisify } = require('node:util');
const koffi = require('koffi');

/** The oldest version of the library that has all that this package uses. */
const NEEDED = [1, 1];

const NAMES = {
  win32: ['sg_open_tracking.dll', 'libsg_open_tracking.dll'],
  darwin: ['libsg_open_tracking.1.dylib', 'libsg_open_tracking.dylib'],
}[process.platform] ?? ['libsg_open_tracking.so.1', 'libsg_open_tracking.so'];

/** `sg_result`: 512 bytes, a layout that never changes. */
const Result = koffi.struct({
  code: 'int32_t',
  http_status: 'int32_t',
  enabled: 'bool',
  reserved_: koffi.array('uint8_t', 3),
  attempts: 'uint32_t',
  retry_after_ms: 'int64_t',
  elapsed_us: 'int64_t',
  message: koffi.array('char', 480, 'String'),
});

const Config = koffi.pointer(koffi.opaque());
const Client = koffi.pointer(koffi.opaque());
const client = koffi.out(koffi.pointer(Client));
/**
 * Memory of ours, which is read once the call is over: koffi would fill an object at its end, which ends the process
 * if the thread has been terminated meanwhile.
 */
const result = 'void *';

const OnResult = koffi.pointer(koffi.proto('bool', ['void *', 'size_t', 'void *']));
const OnSubuser = koffi.pointer(koffi.proto('bool', ['void *', 'str']));
const OnLog = koffi.pointer(koffi.proto('void', ['void *', 'int32_t', 'str']));
const names = koffi.pointer('str');

const SIGNATURES = {
  sg_config_new: [Config, []],
  sg_config_free: ['void', [Config]],
  sg_config_set_timeout_ms: ['int32_t', [Config, 'uint32_t']],
  sg_config_set_connect_timeout_ms: ['int32_t', [Config, 'uint32_t']],
  sg_config_set_max_retries: ['int32_t', [Config, 'uint32_t']],
  sg_config_set_max_connections: ['int32_t', [Config, 'uint32_t']],
  sg_config_set_requests_per_minute: ['int32_t', [Config, 'uint32_t']],
  sg_config_set_base_url: ['int32_t', [Config, 'str']],
  sg_config_set_proxy: ['int32_t', [Config, 'str']],
  sg_config_set_ca_file: ['int32_t', [Config, 'str']],
  sg_config_set_user_agent: ['int32_t', [Config, 'str']],
  sg_config_set_log: ['int32_t', [Config, 'int32_t', OnLog, 'void *']],
  sg_client_new: ['int32_t', ['str', 'int32_t', Config, client]],
  sg_client_derive: ['int32_t', [Client, 'uint32_t', client]],
  sg_client_free: ['void', [Client]],
  sg_client_update: ['int32_t', [Client, 'bool', 'str', result]],
  sg_client_get: ['int32_t', [Client, 'str', result]],
  sg_client_cancel: ['void', [Client]],
  sg_client_update_many: ['int32_t', [Client, 'bool', names, 'size_t', OnResult, 'void *', 'void *']],
  sg_client_get_many: ['int32_t', [Client, names, 'size_t', OnResult, 'void *', 'void *']],
  sg_client_list_subusers: ['int32_t', [Client, OnSubuser, 'void *', result]],
  sg_strerror: ['str', ['int32_t']],
  sg_version: ['str', []],
};

/** The library that the environment names; else one beside this file; else the loader's. */
function open() {
  const named = process.env.SG_OPEN_TRACKING_LIBRARY;
  const beside = NAMES.map((name) => join(__dirname, name)).filter(existsSync);
  const failures = [];
  for (const path of named ? [named] : [...beside, ...NAMES]) {
    try {
      return [koffi.load(path), path];
    } catch (error) {
      failures.push(`  ${path}: ${error.message}`);
    }
  }
  const hint = 'install it, or set SG_OPEN_TRACKING_LIBRARY to its path';
  throw new Error([`libsg_open_tracking was not found: ${hint}. Tried:`, ...failures].join('\n'));
}

/** Refuses a library that is older than the one that is needed, or of another major version. */
function checkVersion(path, version, needed = NEEDED) {
  const [major, minor] = version.split('.').map(Number);
  if (major !== needed[0] || minor < needed[1]) {
    const needs = `${path} is libsg_open_tracking ${version}, and this package needs ${needed.join('.')}`;
    const hint = 'install one, or set SG_OPEN_TRACKING_LIBRARY to its path';
    throw new Error(`${needs} or a later ${needed[0]}.x: ${hint}`);
  }
}

const [library, path] = open();
checkVersion(path, library.func('sg_version', 'str', [])());

/** The library's functions, by their names. */
const lib = Object.fromEntries(
  Object.entries(SIGNATURES).map(([name, [returns, takes]]) => [name, library.func(name, returns, takes)]),
);

/** The same in threads of libuv's pool, each a promise. */
const inPool = Object.fromEntries(Object.entries(lib).map(([name, call]) => [name, promisify(call.async)]));

/** Node's cleanup hooks, of its C interface; a runtime that has none does without. */
function findHooks() {
  try {
    const runtime = koffi.load(null);
    const declare = (name) => runtime.func(name, 'int', ['void *', 'void *', 'void *']);
    return [declare('napi_add_env_cleanup_hook'), declare('napi_remove_env_cleanup_hook')];
  } catch {
    return [() => {}, () => {}];
  }
}

const [addHook, removeHook] = findHooks();

const hook = (name) => {
  const symbol = library.symbol(name);
  return {
    add: (pointer) => addHook(koffi.node.env, symbol, pointer),
    remove: (pointer) => removeHook(koffi.node.env, symbol, pointer),
  };
};

/** What is done with a client when the JavaScript of this thread has ended, however it did. */
const atEnd = { free: hook('sg_client_free'), cancel: hook('sg_client_cancel') };

function free(pointer) {
  atEnd.free.remove(pointer);
  lib.sg_client_free(pointer);
}

/** Room for a `sg_result`. */
const newResult = () => Buffer.alloc(koffi.sizeof(Result));

/** The `sg_result` in memory of ours, or at a pointer. */
const readResult = (memory) => koffi.decode(memory, Result);

const { register, unregister } = koffi;

module.exports = {
  NAMES,
  OnLog,
  OnResult,
  OnSubuser,
  Result,
  SIGNATURES,
  atEnd,
  checkVersion,
  free,
  inPool,
  lib,
  newResult,
  path,
  readResult,
  register,
  unregister,
};
