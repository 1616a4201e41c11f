/** The names of a call for many, from whatever gives them. */
'use strict';

const { refused } = require('./arguments.js');

/** Enough for the ends of lots, where connections wait for the last, to weigh nothing. */
const LOT = 1000;

/** NULL, which is that item's own ArgumentError, in place of a name that C would cut short. */
const itemToC = (name) => (name.includes('\0') ? null : name);

function checked(name) {
  if (typeof name !== 'string') {
    throw refused(`names must be strings, not ${typeof name}`);
  }
  return name;
}

function iteratorOf(names) {
  const iterator = names?.[Symbol.asyncIterator] ?? names?.[Symbol.iterator];
  if (typeof iterator !== 'function' || typeof names === 'string') {
    throw refused('names must be an iterable of strings, or an async one');
  }
  if (Array.isArray(names) || names instanceof Set) {
    names.forEach(checked); // before anything is sent
  }
  return iterator.call(names);
}

/** Is the next name there, or does an asynchronous sequence have to wait for it? */
async function isThere(next) {
  if (typeof next.then !== 'function') {
    return true;
  }
  return Promise.race([next.then(() => true), new Promise((resolve) => setImmediate(resolve, false))]);
}

/**
 * Lots of names, read as they are wanted: an endless sequence is never held whole, and a slow one not waited for.
 * What a sequence throws comes after the names that it gave before.
 */
async function* lots(names) {
  const iterator = iteratorOf(names);
  let next = null;
  let over = false;
  try {
    while (!over) {
      const lot = [];
      let failure = null;
      try {
        while (lot.length < LOT) {
          next ??= iterator.next();
          if (lot.length > 0 && !(await isThere(next))) {
            break;
          }
          const { done, value } = await next;
          next = null;
          if (done) {
            over = true;
            break;
          }
          lot.push(checked(value));
        }
      } catch (error) {
        failure = { error };
        over = next !== null; // it is the sequence that has thrown
      }
      if (lot.length > 0) {
        yield lot;
      }
      if (failure) {
        throw failure.error;
      }
    }
  } finally {
    if (!over) {
      close(iterator, next);
    }
  }
}

/** As `for await` does when it is left; but a name that is awaited may never come. */
function close(iterator, next) {
  for (const ending of [next, iterator.return?.()]) {
    Promise.resolve(ending).catch(() => {});
  }
}

module.exports = { itemToC, lots };
