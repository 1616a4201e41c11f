/// <reference lib="esnext.disposable" />

/** Where the account lives. A key of one region does not work in the other. */
export const Region: { readonly GLOBAL: 0; readonly EU: 1 };
export type Region = (typeof Region)[keyof typeof Region];

/** What an error is told by: the names of the C header. */
export type Code =
  | 'SG_ERR_ARGUMENT'
  | 'SG_ERR_CANCELLED'
  | 'SG_ERR_INTERNAL'
  | 'SG_ERR_PARTIAL'
  | 'SG_ERR_DNS'
  | 'SG_ERR_CONNECT'
  | 'SG_ERR_PROXY'
  | 'SG_ERR_TLS'
  | 'SG_ERR_TIMEOUT'
  | 'SG_ERR_IO'
  | 'SG_ERR_PROTOCOL'
  | 'SG_ERR_BAD_REQUEST'
  | 'SG_ERR_UNAUTHORIZED'
  | 'SG_ERR_FORBIDDEN'
  | 'SG_ERR_NOT_FOUND'
  | 'SG_ERR_RATE_LIMITED'
  | 'SG_ERR_SERVER'
  | 'SG_ERR_STATUS'
  | 'SG_ERR_NOT_APPLIED';

/** A call that succeeded. */
export interface Result {
  /** What the server reported: is open tracking on? */
  readonly enabled: boolean;
  readonly httpStatus: number;
  /** Requests sent, the first included. */
  readonly attempts: number;
  /** Milliseconds that the server asked to wait, if it did. */
  readonly retryAfter: number | null;
  /** Milliseconds that the call took, waits included. */
  readonly elapsed: number;
}

/** As `console`, pino and winston are. */
export interface Logger {
  debug(line: string): unknown;
  info(line: string): unknown;
  warn(line: string): unknown;
  error(line: string): unknown;
  isLevelEnabled?(level: string): boolean;
}

/** What subscribers of the channel `sg-open-tracking:log` of `node:diagnostics_channel` get. */
export interface LogMessage {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** In logfmt. */
  readonly line: string;
  /** The same, parsed: `event`, `call` and what else the event has. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Options of a client; what is left out is as the library has it. Times are in milliseconds. */
export interface ClientOptions {
  /** Default `Region.GLOBAL`. */
  region?: Region;
  /** Bounds a whole call, retries and waits included. Default 30,000. */
  timeout?: number | null;
  /** Bounds the part of it that connects. Default 10,000. */
  connectTimeout?: number | null;
  /** For lost connections, 429 and 5xx. Default 2. */
  maxRetries?: number | null;
  /** How many are kept open, 1 to 1024. Default 8. */
  maxConnections?: number | null;
  /** A cap on the client; 0, the default, leaves the pace to the server. */
  requestsPerMinute?: number | null;
  /** https, or http on a loopback address. */
  baseUrl?: string | null;
  /** A URL; `''` for none. Default: as the environment says. */
  proxy?: string | null;
  /** PEM; replaces the system's trust store. */
  caFile?: string | null;
  /** Appended to the library's own. */
  userAgent?: string | null;
  /** Is told what the calls do, line by line; asked by `isLevelEnabled`, if it has that, when the client is made. */
  logger?: Logger | null;
}

/** What became of one of many accounts: `result`, or else `error`. */
export type Item = { readonly index: number; readonly name: string } & (
  | { readonly result: Result; readonly error: null }
  | { readonly result: null; readonly error: OpenTrackingError }
);

/** Where names come from. What has no end is read as it is wanted. */
export type Names = Iterable<string> | AsyncIterable<string>;

export interface ManyOptions {
  /** Ends the whole of it, with the signal's reason. */
  signal?: AbortSignal | null;
}

export interface SyncCallOptions {
  /** A subuser's username or `account-id ID`; without it, the account that the key belongs to. */
  onBehalfOf?: string | null;
}

export interface CallOptions extends SyncCallOptions {
  /** Cuts off this call and no other: it rejects with the signal's reason. */
  signal?: AbortSignal | null;
}

/**
 * One key, one region, one pool of connections, for any number of calls at once.
 *
 * Closing a client, which `using` does, cancels the calls that are under way: they reject with
 * `CancelledError`, and later ones with `ClosedError`. One that is only forgotten is freed when it
 * is collected.
 */
export class Client {
  /** Opens no connection yet. Throws `ArgumentError`. */
  constructor(key: string, options?: ClientOptions);

  /** Switches open tracking on or off. */
  update(enabled: boolean, options?: CallOptions): Promise<Result>;

  /** Reads whether open tracking is on. */
  get(options?: CallOptions): Promise<Result>;

  /** `update` that blocks the event loop, for scripts. */
  updateSync(enabled: boolean, options?: SyncCallOptions): Result;

  /** `get` that blocks the event loop, for scripts. */
  getSync(options?: SyncCallOptions): Result;

  /**
   * `update` for many accounts, up to `maxConnections` at once and as fast as the rate limit
   * allows. Yields what became of each as it ends; one that failed does not stop the others, but
   * leaving the loop does. Throws `Unauthorized` if the first three were all answered so.
   */
  updateMany(enabled: boolean, names: Names, options?: ManyOptions): AsyncGenerator<Item, void>;

  /** `get` for many accounts, as `updateMany`. */
  getMany(names: Names, options?: ManyOptions): AsyncGenerator<Item, void>;

  /** The usernames of the account's subusers, each once. The key needs the scope `subusers.read`. */
  listSubusers(options?: ManyOptions): AsyncGenerator<string, void>;

  /**
   * A client that shares this one's key and connections but has its own timeout in milliseconds
   * (left out: the same), its own `cancel` and its own `close`. It is cheap.
   */
  derive(timeout?: number | null): Client;

  /** Cuts off this client's calls, those in flight and any later one. Derived clients go on. */
  cancel(): void;

  /** Cancels what is in flight and gives the client up. Closing twice does no harm. */
  close(): void;

  [Symbol.dispose](): void;

  /** `close` that waits until the calls have ended. */
  [Symbol.asyncDispose](): Promise<void>;

  /** Says the region; never the key. */
  toString(): string;
}

/** Of one call and the client that is made for it. */
export interface OneCallOptions extends ClientOptions, CallOptions {}
export interface SyncOneCallOptions extends ClientOptions, SyncCallOptions {}

/**
 * One update with no set-up; what the server reported. It has a client and a connection of its own: for many calls,
 * make a `Client`.
 */
export function updateOpenTracking(key: string, enabled: boolean, options?: OneCallOptions): Promise<boolean>;

/** One read with no set-up, as `updateOpenTracking`. */
export function getOpenTracking(key: string, options?: OneCallOptions): Promise<boolean>;

/** `updateOpenTracking` that blocks the event loop. */
export function updateOpenTrackingSync(key: string, enabled: boolean, options?: SyncOneCallOptions): boolean;

/** `getOpenTracking` that blocks the event loop. */
export function getOpenTrackingSync(key: string, options?: SyncOneCallOptions): boolean;

/**
 * How many asynchronous calls run at once, 1 to 1024; the others wait. They run in threads of libuv's pool, which has
 * as many as `UV_THREADPOOL_SIZE` says, or 4: half of them is the default. Each worker thread has a number of its own.
 */
export function setMaxThreads(count: number): void;

/** The version of the native library. */
export function libraryVersion(): string;

/** A call that did not do what it was asked to. Its message says what happened and what to do. */
export class OpenTrackingError extends Error {
  /** A newer library may have others, such as `'SG_ERR_28'`. */
  readonly code: Code | (string & {});
  /** Of the last response; 0 if none arrived. */
  readonly httpStatus: number;
  /** Requests sent, the first included. */
  readonly attempts: number;
  /** Milliseconds that the server asked to wait, if it did. */
  readonly retryAfter: number | null;
  /** Milliseconds that the call took, waits included. */
  readonly elapsed: number;
  /** What the server reported: known for `NotApplied` alone. */
  readonly enabled: boolean | null;
}

/** A key, name, region, option or anything else that was refused before anything was sent. */
export class ArgumentError extends OpenTrackingError {}
/** The client was closed before the call. */
export class ClosedError extends ArgumentError {}
/** `cancel` or `close` cut the call off. */
export class CancelledError extends OpenTrackingError {}
/** A bug in the library. */
export class InternalError extends OpenTrackingError {}
/** No connection to the server, or it broke. */
export class ConnectionFailed extends OpenTrackingError {}
/** The host's name was not resolved. */
export class DnsFailed extends ConnectionFailed {}
/** The host took no connection. */
export class ConnectFailed extends ConnectionFailed {}
/** The proxy did not let the connection through. */
export class ProxyFailed extends ConnectionFailed {}
/** The certificate was not trusted, or the handshake failed. */
export class TlsFailed extends ConnectionFailed {}
/** The connection broke during the call. */
export class ConnectionBroken extends ConnectionFailed {}
/** The deadline passed; retries, waits and the wait for a thread included. */
export class TimeoutError extends OpenTrackingError {}
/** The server's answer could not be understood. */
export class ProtocolError extends OpenTrackingError {}
/** The server answered, and the answer is not success. */
export class ApiError extends OpenTrackingError {}
/** 400, or another 4xx that has no class of its own. */
export class BadRequest extends ApiError {}
/** 401: a wrong key, or one of another region. */
export class Unauthorized extends ApiError {}
/** 403: the key lacks a scope. */
export class Forbidden extends ApiError {}
/** 404. */
export class NotFound extends ApiError {}
/** 429, after the retries that the deadline allowed; see `retryAfter`. */
export class RateLimited extends ApiError {}
/** 5xx, after the retries that the deadline allowed. */
export class ServerError extends ApiError {}
/** Any other status, a redirect included: none is followed. */
export class UnexpectedStatus extends ApiError {}
/** 200, but the server reports the other value; see `enabled`. */
export class NotApplied extends ApiError {}
