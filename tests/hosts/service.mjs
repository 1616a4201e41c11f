/** A service in a runtime beside Node: load with faults, restarts under load, and an end amid calls. */
import assert from 'node:assert';
import { readFileSync, readdirSync } from 'node:fs';
import { Client } from 'sg-open-tracking';

const { SANDBOX_KEY, SANDBOX_URL: baseUrl, SANDBOX_CA_FILE: caFile } = process.env;
const NAMES = [
    'subuser-00001',
    'subuser-00002',
    'fault-once-503',
    'fault-status-503',
    'fault-close',
    'nobody',
];
const took = [];
let failures = 0;

const open = () => new Client(SANDBOX_KEY, { baseUrl, caFile, proxy: '', maxRetries: 0, timeout: 120_000 });

async function timed(call) {
    const started = performance.now();
    await call.catch(() => {
        failures += 1;
    });
    took.push(performance.now() - started);
}

async function load(client, count) {
    await Promise.all(
        Array.from({ length: count }, (_, number) =>
            timed(client.update(number % 2 === 0, { onBehalfOf: NAMES[number % NAMES.length] })),
        ),
    );
    const names = [];
    for await (const name of client.listSubusers()) {
        names.push(name);
    }
    let read = 0;
    for await (const { result } of client.getMany(names)) {
        read += result ? 1 : 0;
    }
    assert.strictEqual(read, 25);
}

/** Calls that no reply ends; gives their outcomes once some are under way. */
async function begin(client) {
    const items = client.getMany(['subuser-00001', 'fault-silent']);
    assert.strictEqual((await items.next()).value.error, null);
    const calls = Array.from({ length: 100 }, () => client.get({ onBehalfOf: 'fault-silent' }));
    const item = items.next().then(({ value }) => Promise.reject(value.error));
    const outcomes = Promise.allSettled([...calls, item]);
    return { outcomes };
}

const resident = () => Number(/VmRSS:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
const descriptors = () => readdirSync('/proc/self/fd').length;

async function restart() {
    const client = open();
    await load(client, 500);
    const { outcomes } = await begin(client);
    const started = performance.now();
    await client[Symbol.asyncDispose]();
    assert.ok((await outcomes).every(({ reason }) => reason.code === 'SG_ERR_CANCELLED'));
    assert.ok(performance.now() - started < 5_000, 'the calls went on after close');
}

await restart();
await restart();
const [before, opened] = [resident(), descriptors()];
await restart();
await restart();
const after = resident();
assert.ok(after - before < 48 * 1024, `the resident set went from ${before} to ${after} KB`);
assert.ok(descriptors() <= opened + 4, `${opened} descriptors became ${descriptors()}`);
took.sort((a, b) => a - b);
const p99 = took[Math.floor(took.length * 0.99)].toFixed(1);
console.log(
    `${process.argv[2]}: requests=${took.length} failures=${failures} p99=${p99}ms memory=${before}..${after}KB`,
);
await begin(open());
process.exit(0); // at once; check waits for less than the calls would
