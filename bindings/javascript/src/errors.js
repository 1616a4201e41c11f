/** What a call can end in: the codes of the library, and an error class for each. */
'use strict';

/** `sg_code`: the header's names and numbers. */
const NUMBERS = Object.freeze({
  SG_OK: 0,
  SG_ERR_ARGUMENT: 1,
  SG_ERR_CANCELLED: 2,
  SG_ERR_INTERNAL: 3,
  SG_ERR_PARTIAL: 4,
  SG_ERR_DNS: 10,
  SG_ERR_CONNECT: 11,
  SG_ERR_PROXY: 12,
  SG_ERR_TLS: 13,
  SG_ERR_TIMEOUT: 14,
  SG_ERR_IO: 15,
  SG_ERR_PROTOCOL: 16,
  SG_ERR_BAD_REQUEST: 20,
  SG_ERR_UNAUTHORIZED: 21,
  SG_ERR_FORBIDDEN: 22,
  SG_ERR_NOT_FOUND: 23,
  SG_ERR_RATE_LIMITED: 24,
  SG_ERR_SERVER: 25,
  SG_ERR_STATUS: 26,
  SG_ERR_NOT_APPLIED: 27,
});

class OpenTrackingError extends Error {
  code = 'SG_ERR_INTERNAL';
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

const CLASSES = {
  SG_ERR_ARGUMENT: ArgumentError,
  SG_ERR_CANCELLED: CancelledError,
  SG_ERR_INTERNAL: InternalError,
  SG_ERR_DNS: DnsFailed,
  SG_ERR_CONNECT: ConnectFailed,
  SG_ERR_PROXY: ProxyFailed,
  SG_ERR_TLS: TlsFailed,
  SG_ERR_TIMEOUT: TimeoutError,
  SG_ERR_IO: ConnectionBroken,
  SG_ERR_PROTOCOL: ProtocolError,
  SG_ERR_BAD_REQUEST: BadRequest,
  SG_ERR_UNAUTHORIZED: Unauthorized,
  SG_ERR_FORBIDDEN: Forbidden,
  SG_ERR_NOT_FOUND: NotFound,
  SG_ERR_RATE_LIMITED: RateLimited,
  SG_ERR_SERVER: ServerError,
  SG_ERR_STATUS: UnexpectedStatus,
  SG_ERR_NOT_APPLIED: NotApplied,
};

const NAMES = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name]));

/** The name of a code; of one that only a newer library has, its number in it. */
const codeOf = (number) => NAMES.get(number) ?? `SG_ERR_${number}`;

/** The error for a code; the base class for one of a newer library. */
function errorOf(code, message, Class = CLASSES[code] ?? OpenTrackingError) {
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

module.exports = { NUMBERS, classes, codeOf, errorOf };
