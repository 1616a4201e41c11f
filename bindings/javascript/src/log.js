/** What the library tells of its calls: to a logger, and on a channel of Node's. */
'use strict';

const { channel } = require('node:diagnostics_channel');
const { refused } = require('./arguments.js');
const { OnLog, register } = require('./native.js');

const LINES = channel('sg-open-tracking:log');

/** From `SG_LOG_ERROR`, which is 1. */
const LEVELS = ['error', 'warn', 'info', 'debug'];

/** By the numbers that the library is given for them; kept by their clients, which may be forgotten unclosed. */
const loggers = new Map();
const forgotten = new FinalizationRegistry((number) => loggers.delete(number));
let made = 0;

/** Who is told, from which level on; null for nobody. */
function logOf(logger) {
  if (logger == null && !LINES.hasSubscribers) {
    return null;
  }
  if (logger != null && !LEVELS.every((level) => typeof logger[level] === 'function')) {
    throw refused('logger must have the methods debug, info, warn and error');
  }
  made += 1;
  const log = { logger, number: made, level: LINES.hasSubscribers ? LEVELS.length : levelOf(logger) };
  loggers.set(made, new WeakRef(log));
  forgotten.register(log, made);
  return log.level > 0 ? log : null;
}

/** pino and winston can be asked; a logger that can't is told everything. */
function levelOf(logger) {
  const wanted = (level) => typeof logger.isLevelEnabled !== 'function' || logger.isLevelEnabled(level);
  return LEVELS.filter(wanted).length;
}

/** Values are words, or JSON strings. */
function fieldsOf(line) {
  const pairs = line.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g);
  return Object.fromEntries(
    Array.from(pairs, ([, name, value]) => [name, value[0] === '"' ? JSON.parse(value) : value]),
  );
}

/** A logger that throws does not disturb the call. */
function report(number, severity, line) {
  const log = loggers.get(number)?.deref();
  const level = LEVELS[severity - 1];
  try {
    log?.logger?.[level](line);
  } catch {
    // as it is said above
  }
  if (LINES.hasSubscribers) {
    LINES.publish({ level, line, fields: fieldsOf(line) });
  }
}

let callback = null;

/** What the library calls, in a thread that runs this JavaScript or for one; `told` once it is there. */
function onLog(told = report) {
  callback ??= register((number, severity, line) => told(Number(number), severity, line), OnLog);
  return callback;
}

module.exports = { logOf, onLog, report };
