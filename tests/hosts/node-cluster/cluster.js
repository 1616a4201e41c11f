/** A cluster of HTTP servers, of which each request is a call: load with faults, and restarts under load. */
'use strict';

const assert = require('node:assert');
const cluster = require('node:cluster');
const { once } = require('node:events');
const { readFileSync, readdirSync } = require('node:fs');
const http = require('node:http');
const { Client, setMaxThreads } = require('sg-open-tracking');

const { SANDBOX_KEY, SANDBOX_URL: baseUrl, SANDBOX_CA_FILE: caFile } = process.env;
const NAMES = [
  'subuser-00001',
  'subuser-00002',
  'subuser-00003',
  'fault-once-503',
  'fault-status-503',
  'fault-close',
];

function serve() {
  const client = new Client(SANDBOX_KEY, { baseUrl, caFile, proxy: '', maxRetries: 0 });
  setMaxThreads(3);
  const server = http.createServer(async (request, response) => {
    const abort = new AbortController();
    response.on('close', () => abort.abort()); // a client that goes takes its call along
    const onBehalfOf = request.url.slice(1);
    if (onBehalfOf === 'fault-silent') {
      process.send('waiting');
    }
    try {
      const result = await client.update(false, { onBehalfOf, signal: abort.signal });
      response.end(JSON.stringify(result));
    } catch (error) {
      response.writeHead(error.httpStatus || 502).end(error.message);
    }
  });
  // Each has a port of its own, or requests meant for one would go to another.
  server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => process.send(server.address()));
  process.on('message', async () => {
    cluster.worker.disconnect(); // takes no more requests
    await client[Symbol.asyncDispose]();
    process.exit();
  });
}

const took = [];
let failures = 0;

function request(port, agent, name) {
  const started = performance.now();
  return new Promise((resolve) => {
    const done = (good) => {
      took.push(performance.now() - started);
      failures += good ? 0 : 1;
      resolve();
    };
    http
      .get({ port, agent, path: `/${name}` }, (response) => {
        response.resume().on('end', () => done(response.statusCode === 200));
      })
      .on('error', () => done(false));
  });
}

/** 16 at a time. */
async function load(port, count) {
  const agent = new http.Agent({ keepAlive: true });
  let next = 0;
  const one = async () => {
    while (next < count) {
      next += 1;
      await request(port, agent, NAMES[next % NAMES.length]);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  agent.destroy();
}

const resident = (pid) => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

async function start() {
  const worker = cluster.fork();
  const [{ port }] = await once(worker, 'message');
  return { worker, port, pid: worker.process.pid };
}

async function main() {
  let servers = await Promise.all([start(), start()]);
  const all = (count) => Promise.all(servers.map(({ port }) => load(port, count)));
  const sum = (of) => servers.reduce((total, { pid }) => total + of(pid), 0);
  await all(1_000);
  const [before, opened] = [sum(resident), sum(descriptors)];
  await all(1_500);
  const [after, open] = [sum(resident), sum(descriptors)];
  assert.ok(after - before < 48 * 1024, `the resident sets went from ${before} to ${after} KB`);
  assert.ok(open <= opened + 8, `${opened} descriptors became ${open}`);

  // One by one, under load, and amid calls that no reply ends.
  for (const [index, { worker, port }] of servers.entries()) {
    const busy = Promise.all([
      load(port, 200),
      ...Array.from({ length: 8 }, () => request(port, false, 'fault-silent')),
    ]);
    await once(worker, 'message');
    const ended = once(worker, 'exit');
    const started = performance.now();
    worker.send('stop');
    assert.deepStrictEqual(await ended, [0, null]);
    assert.ok(performance.now() - started < 5_000, `the restart took ${performance.now() - started} ms`);
    await busy;
    servers[index] = await start();
  }
  await all(200);
  for (const { worker } of servers) {
    worker.kill();
  }
  took.sort((a, b) => a - b);
  const p99 = took[Math.floor(took.length * 0.99)].toFixed(1);
  console.log(
    `node-cluster ${process.version}: requests=${took.length} failures=${failures} p99=${p99}ms memory=${before}..${after}KB`,
  );
}

if (cluster.isPrimary) {
  process.exitCode = 1; // should it end before it is done
  main().then(() => {
    process.exitCode = 0;
  });
} else {
  serve();
}
