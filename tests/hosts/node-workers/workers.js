/** Worker threads that make calls: under load with faults, and ended amid them in each way there is. */
'use strict';

const assert = require('node:assert');
const { readFileSync, readdirSync } = require('node:fs');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { KINDS, client } = require('./calls.js');

const NAMES = ['subuser-00001', 'subuser-00002', 'fault-once-503', 'fault-status-503', 'fault-close'];

/** 200 calls; tells how long each took and whether it went well. */
async function load() {
  const one = client();
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, async (_, number) => {
      const started = performance.now();
      const good = await one.update(false, { onBehalfOf: NAMES[number % NAMES.length] }).then(
        () => true,
        () => false,
      );
      return [performance.now() - started, good];
    }),
  );
  for await (const { error } of one.getMany(Array(200).fill('subuser-00001'))) {
    outcomes.push([0, error === null]);
  }
  parentPort.postMessage(outcomes);
}

async function work() {
  const { kind, ending } = workerData;
  if (kind === 'load') {
    await load();
    return;
  }
  if (kind === 'sync') {
    parentPort.postMessage(null);
    client({ timeout: 500 }).getSync({ onBehalfOf: 'fault-silent' });
    return;
  }
  await KINDS[kind](client());
  parentPort.postMessage(null);
  if (ending === 'exit') {
    process.exit(3);
  } else if (ending === 'error') {
    throw new Error('uncaught');
  }
}

/** events.once() would take an 'error' for a failure. */
const event = (worker, name) => new Promise((resolve) => worker.once(name, resolve));

async function end(kind, ending) {
  const worker = new Worker(__filename, { workerData: { kind, ending } });
  worker.on('error', (error) => assert.strictEqual(error.message, 'uncaught'));
  const ended = event(worker, 'exit');
  await event(worker, 'message');
  const started = performance.now();
  if (ending === 'terminate') {
    worker.terminate();
  }
  await ended;
  return performance.now() - started;
}

function resident() {
  global.gc();
  return Number(/VmRSS:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

const descriptors = () => readdirSync('/proc/self/fd').length;

async function main() {
  const outcomes = [];
  const loaded = async () => {
    const workers = Array.from({ length: 2 }, () => new Worker(__filename, { workerData: { kind: 'load' } }));
    for (const told of await Promise.all(workers.map((worker) => event(worker, 'message')))) {
      outcomes.push(...told);
    }
  };
  const cutOff = [];
  const round = async (kinds) => {
    await Promise.all([loaded(), end('silent', 'terminate')]);
    for (const kind of kinds) {
      for (const ending of ['terminate', 'exit', 'error']) {
        cutOff.push(await end(kind, ending));
        assert.ok(cutOff.at(-1) < 5_000, `${kind}, ${ending}: the worker took ${cutOff.at(-1)} ms to end`);
      }
    }
    await end('sync', 'terminate');
  };
  await round(Object.keys(KINDS));
  const [before, open] = [resident(), descriptors()];
  await round(['all']);
  const after = resident();
  assert.ok(after - before < 32 * 1024, `the resident set went from ${before} to ${after} KB`);
  assert.ok(descriptors() <= open + 4, `${open} descriptors became ${descriptors()}`);
  assert.strictEqual((await client().get()).httpStatus, 200);
  const took = outcomes.map(([milliseconds]) => milliseconds).sort((a, b) => a - b);
  console.log(`  a worker that ends amid calls: ${Math.round(Math.max(...cutOff))} ms at the most`);
  const failures = outcomes.filter(([, good]) => !good).length;
  const p99 = took[Math.floor(took.length * 0.99)].toFixed(1);
  console.log(
    `node-workers ${process.version}: requests=${took.length} failures=${failures} p99=${p99}ms memory=${before}..${after}KB`,
  );
}

if (isMainThread) {
  process.exitCode = 1; // should it end before it is done
  main().then(() => {
    process.exitCode = 0;
  });
} else {
  work();
}
