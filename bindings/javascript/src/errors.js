/** What a call can end in: the codes of the library, and an error class for each. */
'use strict';

const Code = Object.freeze({
  OK: 0,
  ARGUMENT: 1,
  CANCELLED: 2,
  INTERNAL: 3,
  PARTIAL: 4,
  DNS: 10,
  CONNECT: 11,
  PROXY: 12,
  TLS: 13,
  TIMEOUT: 14,
  IO: 15,
  PROTOCOL: 16,
  BAD_REQUEST: 20,
  UNAUTHORIZED: 21,
  FORBIDDEN: 22,
  NOT_FOUND: 23,
  RATE_LIMITED: 24,
  SERVER: 25,
  STATUS: 26,
  NOT_APPLIED: 27,
});

class OpenTrackingError extends Error {
  code = Code.INTERNAL;
  httpStatus = 0;
  attempts = 0;
  retryAfter = null;
  elapsed = 0;
  enabled = null;
}

class ArgumentError extends OpenTrackingError {}
class ClosedError extends ArgumentError {}
class CancelledError extends OpenTrackingError {}
class InternalError extends OpenTrackingError {}
class ConnectionFailed extends OpenTrackingError {}
class DnsFailed extends ConnectionFailed {}
class ConnectFailed extends ConnectionFailed {}
class ProxyFailed extends ConnectionFailed {}
class TlsFailed extends ConnectionFailed {}
class ConnectionBroken extends ConnectionFailed {}
class TimeoutError extends OpenTrackingError {}
class ProtocolError extends OpenTrackingError {}
class ApiError extends OpenTrackingError {}
class BadRequest extends ApiError {}
class Unauthorized extends ApiError {}
class Forbidden extends ApiError {}
class NotFound extends ApiError {}
class RateLimited extends ApiError {}
class ServerError extends ApiError {}
class UnexpectedStatus extends ApiError {}
class NotApplied extends ApiError {}

const CLASSES = new Map([
  [Code.ARGUMENT, ArgumentError],
  [Code.CANCELLED, CancelledError],
  [Code.INTERNAL, InternalError],
  [Code.DNS, DnsFailed],
  [Code.CONNECT, ConnectFailed],
  [Code.PROXY, ProxyFailed],
  [Code.TLS, TlsFailed],
  [Code.TIMEOUT, TimeoutError],
  [Code.IO, ConnectionBroken],
  [Code.PROTOCOL, ProtocolError],
  [Code.BAD_REQUEST, BadRequest],
  [Code.UNAUTHORIZED, Unauthorized],
  [Code.FORBIDDEN, Forbidden],
  [Code.NOT_FOUND, NotFound],
  [Code.RATE_LIMITED, RateLimited],
  [Code.SERVER, ServerError],
  [Code.STATUS, UnexpectedStatus],
  [Code.NOT_APPLIED, NotApplied],
]);

/** The error for a code; the base class for one of a newer library. */
function errorOf(code, message, Class = CLASSES.get(code) ?? OpenTrackingError) {
  return Object.assign(new Class(message), { code });
}

const classes = {
  OpenTrackingError,
  ArgumentError,
  ClosedError,
  CancelledError,
  InternalError,
  ConnectionFailed,
  DnsFailed,
  ConnectFailed,
  ProxyFailed,
  TlsFailed,
  ConnectionBroken,
  TimeoutError,
  ProtocolError,
  ApiError,
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  RateLimited,
  ServerError,
  UnexpectedStatus,
  NotApplied,
};
for (const [name, { prototype }] of Object.entries(classes)) {
  Object.defineProperty(prototype, 'name', { value: name, configurable: true, writable: true });
}
// What Node's and the web's own calls are told apart by when a signal has cut them off.
CancelledError.prototype.name = 'AbortError';

module.exports = { Code, ...classes, errorOf };
