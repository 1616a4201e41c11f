/** Native clients, and what a bare code of the library means. */
'use strict';

const { KEY, OPTIONS, checkNames, regionToC, textToC } = require('./arguments.js');
const { codeOf, errorOf } = require('./errors.js');
const { lib } = require('./native.js');

const ENVIRONMENT = 'SG_OPEN_TRACKING_BASE_URL, if set, what baseUrl may be';

/** Throws what a bare code means; `refusal` says it for a refused argument. */
function check(number, refusal) {
  const code = codeOf(number);
  if (code !== 'SG_OK') {
    throw errorOf(code, code === 'SG_ERR_ARGUMENT' ? refusal : lib.sg_strerror(number));
  }
}

/** `log`, if there is one, says from which level on lines go to a callback, and by which number. */
function newClient({ key, region, options, log }, onLog) {
  checkNames(options, [...Object.keys(OPTIONS), 'logger']);
  const out = [null];
  const config = lib.sg_config_new();
  try {
    for (const [name, value] of Object.entries(options)) {
      if (value != null && name !== 'logger') {
        const { setter, toC, allowed } = OPTIONS[name];
        check(lib[setter](config, toC(name, value)), `${name} must be ${allowed}`);
      }
    }
    if (log) {
      check(lib.sg_config_set_log(config, log.level, onLog(), BigInt(log.number)), 'logger was refused');
    }
    const code = lib.sg_client_new(textToC('key', key), regionToC(region), config, out);
    check(code, `key must be ${KEY}; ${ENVIRONMENT}`);
  } finally {
    lib.sg_config_free(config);
  }
  return out[0];
}

function derived(pointer, milliseconds) {
  const out = [null];
  check(lib.sg_client_derive(pointer, milliseconds, out), 'timeout was refused');
  return out[0];
}

module.exports = { check, derived, newClient };
