/**
 * From JavaScript's values to C's: what is refused here would otherwise be cut short, wrap around
 * or be taken for something else on the way.
 */
'use strict';

const { errorOf } = require('./errors.js');

const UINT32_MAX = 2 ** 32 - 1;

const Region = Object.freeze({ GLOBAL: 0, EU: 1 });

const KEY = '1 to 512 characters of visible ASCII, with no space';
const ON_BEHALF_OF = '1 to 256 characters of printable ASCII, with no space at either end';
const MILLISECONDS = `1 to ${UINT32_MAX} milliseconds`;
const COUNT = `0 to ${UINT32_MAX}`;

const refused = (text) => errorOf('SG_ERR_ARGUMENT', text);

function textToC(name, value) {
  if (typeof value !== 'string') {
    throw refused(`${name} must be a string, not ${typeof value}`);
  }
  if (value.includes('\0')) {
    throw refused(`${name} must not hold a NUL`);
  }
  return value;
}

function onBehalfOfToC(value) {
  return value == null ? null : textToC('onBehalfOf', value);
}

function enabledToC(value) {
  if (typeof value !== 'boolean') {
    throw refused(`enabled must be a boolean, not ${typeof value}`); // 'off' would switch it on
  }
  return value;
}

function regionToC(value) {
  if (value !== Region.GLOBAL && value !== Region.EU) {
    throw refused('region must be Region.GLOBAL or Region.EU');
  }
  return value;
}

function millisecondsToC(name, value) {
  if (!(value > 0 && value <= UINT32_MAX)) {
    throw refused(`${name} must be ${MILLISECONDS}`);
  }
  return Math.max(1, Math.round(value));
}

function countToC(name, value) {
  if (!(Number.isInteger(value) && value >= 0 && value <= UINT32_MAX)) {
    throw refused(`${name} must be ${OPTIONS[name].allowed}`);
  }
  return value;
}

/** A misspelt onBehalfOf would change the wrong account, so no name is passed over. */
function checkNames(given, known) {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw refused(`there is no option ${name}; there are ${known.join(', ')}`);
    }
  }
}

/** Each option's setter, how its value goes to C, and what the library takes, to stand after "must be". */
const OPTIONS = {
  timeout: { setter: 'sg_config_set_timeout_ms', toC: millisecondsToC, allowed: MILLISECONDS },
  connectTimeout: { setter: 'sg_config_set_connect_timeout_ms', toC: millisecondsToC, allowed: MILLISECONDS },
  maxRetries: { setter: 'sg_config_set_max_retries', toC: countToC, allowed: COUNT },
  maxConnections: { setter: 'sg_config_set_max_connections', toC: countToC, allowed: '1 to 1024' },
  requestsPerMinute: { setter: 'sg_config_set_requests_per_minute', toC: countToC, allowed: COUNT },
  baseUrl: {
    setter: 'sg_config_set_base_url',
    toC: textToC,
    allowed: 'an https URL, or http on a loopback address',
  },
  proxy: { setter: 'sg_config_set_proxy', toC: textToC, allowed: 'the URL of a proxy, or "" for none' },
  caFile: { setter: 'sg_config_set_ca_file', toC: textToC, allowed: 'a readable file of PEM certificates' },
  userAgent: {
    setter: 'sg_config_set_user_agent',
    toC: textToC,
    allowed: '1 to 256 characters of printable ASCII',
  },
};

module.exports = {
  KEY,
  ON_BEHALF_OF,
  OPTIONS,
  Region,
  checkNames,
  enabledToC,
  millisecondsToC,
  onBehalfOfToC,
  refused,
  regionToC,
  textToC,
};
