/** Calls that nothing but a cut ends. */
'use strict';

const { readFileSync } = require('node:fs');
const https = require('node:https');
const { Client } = require('sg-open-tracking');

const { SANDBOX_KEY, SANDBOX_URL: baseUrl, SANDBOX_CA_FILE: caFile } = process.env;

const client = (options) =>
  new Client(SANDBOX_KEY, { baseUrl, caFile, proxy: '', maxRetries: 0, ...options });

/** What the sandbox says on one of its admin paths. */
async function sandbox(method, path) {
  const options = { method, ca: readFileSync(caFile), agent: false };
  const response = await new Promise((resolve, reject) => {
    https.request(`${baseUrl}/_sandbox/${path}`, options, resolve).on('error', reject).end();
  });
  response.setEncoding('utf8');
  let body = '';
  for await (const part of response) {
    body += part;
  }
  return body;
}

/** More than there are threads; resolves once those that have one wait for their replies. */
async function silent(one) {
  await sandbox('DELETE', 'requests');
  const calls = Array.from({ length: 8 }, () => one.get({ onBehalfOf: 'fault-silent' }));
  Promise.allSettled(calls);
  let there = 0;
  while (there < 2) {
    const requests = JSON.parse(await sandbox('GET', 'requests'));
    there = requests.filter(({ on_behalf_of: name }) => name === 'fault-silent').length;
  }
}

/** Reads on and on; resolves once there is something. */
function reading(items) {
  return new Promise((resolve, reject) => {
    (async () => {
      for (;;) {
        for await (const item of items()) {
          resolve(item);
        }
      }
    })().catch(reject);
  });
}

const names = Array.from({ length: 900 }, (_, index) =>
  index % 100 === 99 ? 'fault-silent' : 'subuser-00001',
);

function logging() {
  const told = () => {};
  return client({ logger: { debug: told, info: told, warn: told, error: told } });
}

/** Each starts calls of its kind; resolves once they are under way. */
const KINDS = {
  silent,
  many: (one) => reading(() => one.getMany(names)),
  list: (one) => reading(() => one.listSubusers()),
  all: (one) => Promise.all([KINDS.many(one), KINDS.list(one)]),
  logged: () => Promise.all([KINDS.silent(logging()), KINDS.many(logging())]),
};

module.exports = { KINDS, client };
