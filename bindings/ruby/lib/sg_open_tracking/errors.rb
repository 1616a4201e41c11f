# frozen_string_literal: true

module SgOpenTracking
  # `sg_code`, value for value.
  module Code
    OK = 0
    ARGUMENT = 1
    CANCELLED = 2
    INTERNAL = 3
    PARTIAL = 4
    DNS = 10
    CONNECT = 11
    PROXY = 12
    TLS = 13
    TIMEOUT = 14
    IO = 15
    PROTOCOL = 16
    BAD_REQUEST = 20
    UNAUTHORIZED = 21
    FORBIDDEN = 22
    NOT_FOUND = 23
    RATE_LIMITED = 24
    SERVER = 25
    STATUS = 26
    NOT_APPLIED = 27
  end

  # A call that did not do what it was asked to. Its message says what happened and what to do.
  class OpenTrackingError < StandardError
    # A value of Code, or another number if the library knows one that this package does not.
    attr_reader :code
    # Of the last response; 0 if none arrived.
    attr_reader :http_status
    # Requests sent, the first included.
    attr_reader :attempts
    # Seconds that the server asked to wait, if it did.
    attr_reader :retry_after
    # Seconds that the call took, waits included.
    attr_reader :elapsed
    # What the server reported: known for NotAppliedError alone.
    attr_reader :enabled

    def initialize(message, code: Code::INTERNAL, http_status: 0, attempts: 0, retry_after: nil, elapsed: 0.0, enabled: nil)
      super(message)
      @code = code
      @http_status = http_status
      @attempts = attempts
      @retry_after = retry_after
      @elapsed = elapsed
      @enabled = enabled
    end

    # The exception for a code, with what else is known of the call.
    def self.of(code, message, **known)
      CLASSES.fetch(code, OpenTrackingError).new(message, code: code, **known)
    end
  end

  # A key, name, region or option that was refused before anything was sent.
  class InvalidArgumentError < OpenTrackingError
    def initialize(message, code: Code::ARGUMENT, **known)
      super
    end
  end

  # The client was closed before the call.
  class ClosedError < InvalidArgumentError; end

  # Client#cancel or Client#close cut the call off.
  class CancelledError < OpenTrackingError; end

  # A bug in the library.
  class InternalError < OpenTrackingError; end

  # No connection to the server, or it broke.
  class ConnectionFailedError < OpenTrackingError; end

  # The host's name was not resolved.
  class DnsFailedError < ConnectionFailedError; end

  # The host took no connection.
  class ConnectFailedError < ConnectionFailedError; end

  # The proxy did not let the connection through.
  class ProxyFailedError < ConnectionFailedError; end

  # The certificate was not trusted, or the handshake failed.
  class TlsFailedError < ConnectionFailedError; end

  # The connection broke during the call.
  class ConnectionBrokenError < ConnectionFailedError; end

  # The deadline passed, retries and waits included.
  class CallTimeoutError < OpenTrackingError; end

  # The server's answer could not be understood.
  class ProtocolError < OpenTrackingError; end

  # The server answered, and the answer is not success.
  class ApiError < OpenTrackingError; end

  # 400, or another 4xx that has no class of its own.
  class BadRequestError < ApiError; end

  # 401: a wrong key, or one of another region.
  class UnauthorizedError < ApiError; end

  # 403: the key lacks a scope.
  class ForbiddenError < ApiError; end

  # 404.
  class NotFoundError < ApiError; end

  # 429, after the retries that the deadline allowed; see #retry_after.
  class RateLimitedError < ApiError; end

  # 5xx, after the retries that the deadline allowed.
  class ServerError < ApiError; end

  # Any other status, a redirect included: none is followed.
  class UnexpectedStatusError < ApiError; end

  # 200, but the server reports the other value; see #enabled.
  class NotAppliedError < ApiError; end

  class OpenTrackingError
    CLASSES = {
      Code::ARGUMENT => InvalidArgumentError,
      Code::CANCELLED => CancelledError,
      Code::INTERNAL => InternalError,
      Code::DNS => DnsFailedError,
      Code::CONNECT => ConnectFailedError,
      Code::PROXY => ProxyFailedError,
      Code::TLS => TlsFailedError,
      Code::TIMEOUT => CallTimeoutError,
      Code::IO => ConnectionBrokenError,
      Code::PROTOCOL => ProtocolError,
      Code::BAD_REQUEST => BadRequestError,
      Code::UNAUTHORIZED => UnauthorizedError,
      Code::FORBIDDEN => ForbiddenError,
      Code::NOT_FOUND => NotFoundError,
      Code::RATE_LIMITED => RateLimitedError,
      Code::SERVER => ServerError,
      Code::STATUS => UnexpectedStatusError,
      Code::NOT_APPLIED => NotAppliedError
    }.freeze
    private_constant :CLASSES
  end
end
