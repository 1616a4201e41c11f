/** A process that ends by process.exit() or an uncaught error amid calls: at once. */
'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { KINDS, client } = require('./calls.js');

const ENDINGS = {
  exit: () => process.exit(7),
  error: () => {
    throw new Error('uncaught');
  },
};
const CODES = { exit: 7, error: 1 };

async function child(kind, ending) {
  await KINDS[kind](client());
  process.send(null, () => ENDINGS[ending]());
}

/** Ctrl-C amid a call that blocks the event loop. */
async function interrupted() {
  const one = spawn(process.execPath, [__filename, 'sync'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(one.stdout, 'data');
  const started = performance.now();
  one.kill('SIGINT');
  const [code, signal] = await once(one, 'exit');
  assert.deepStrictEqual([code, signal], [null, 'SIGINT']);
  return performance.now() - started;
}

async function parent() {
  const took = [];
  for (const kind of ['silent', 'all', 'logged']) {
    for (const ending of Object.keys(ENDINGS)) {
      const one = spawn(process.execPath, [__filename, kind, ending], {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      const ended = once(one, 'exit');
      await once(one, 'message');
      const started = performance.now();
      const [code, signal] = await ended;
      took.push(performance.now() - started);
      assert.deepStrictEqual([code, signal], [CODES[ending], null], `${kind}, ${ending}`);
      assert.ok(took.at(-1) < 2_000, `${kind}, ${ending}: the process took ${took.at(-1)} ms to end`);
    }
  }
  console.log(`  after process.exit() and errors: ${Math.round(Math.max(...took))} ms at the most`);
  const interrupt = await interrupted();
  console.log(`  getSync under SIGINT: ${Math.round(interrupt)} ms`);
  assert.ok(interrupt < 2_000);
}

const [, , kind, ending] = process.argv;
if (kind === 'sync') {
  process.stdout.write('calling\n');
  client().getSync({ onBehalfOf: 'fault-silent' });
} else if (kind) {
  child(kind, ending);
} else {
  parent();
}
