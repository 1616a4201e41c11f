/// What a call can end in: the codes of the library, the result, and an exception for each family,
/// unless exceptions are switched off.
#ifndef SG_OPEN_TRACKING_ERRORS_HPP
#define SG_OPEN_TRACKING_ERRORS_HPP

#include <chrono>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_expected
#include <expected>
#endif

#include "sg_open_tracking.h"

// Without exceptions (-fno-exceptions), there are the functions that begin with try_ and no others.
#ifdef __cpp_exceptions
#define SG_OPEN_TRACKING_EXCEPTIONS 1
#else
#define SG_OPEN_TRACKING_EXCEPTIONS 0
#endif

namespace sg_open_tracking {

/// Where the account lives. A key of one region does not work in the other.
enum class region : std::int32_t { global = SG_REGION_GLOBAL, eu = SG_REGION_EU };

/// What a call ended with: sg_code, value for value.
enum class errc : std::int32_t {
    ok = SG_OK,
    argument = SG_ERR_ARGUMENT,
    cancelled = SG_ERR_CANCELLED,
    internal = SG_ERR_INTERNAL,
    partial = SG_ERR_PARTIAL,
    dns = SG_ERR_DNS,
    connect = SG_ERR_CONNECT,
    proxy = SG_ERR_PROXY,
    tls = SG_ERR_TLS,
    timeout = SG_ERR_TIMEOUT,
    io = SG_ERR_IO,
    protocol = SG_ERR_PROTOCOL,
    bad_request = SG_ERR_BAD_REQUEST,
    unauthorized = SG_ERR_UNAUTHORIZED,
    forbidden = SG_ERR_FORBIDDEN,
    not_found = SG_ERR_NOT_FOUND,
    rate_limited = SG_ERR_RATE_LIMITED,
    server = SG_ERR_SERVER,
    status = SG_ERR_STATUS,
    not_applied = SG_ERR_NOT_APPLIED
};

/// The name of a code, such as "TIMEOUT"; "" for a number that is none.
[[nodiscard]] constexpr std::string_view to_string(errc code) noexcept {
    switch (code) {
        case errc::ok: return "OK";
        case errc::argument: return "ARGUMENT";
        case errc::cancelled: return "CANCELLED";
        case errc::internal: return "INTERNAL";
        case errc::partial: return "PARTIAL";
        case errc::dns: return "DNS";
        case errc::connect: return "CONNECT";
        case errc::proxy: return "PROXY";
        case errc::tls: return "TLS";
        case errc::timeout: return "TIMEOUT";
        case errc::io: return "IO";
        case errc::protocol: return "PROTOCOL";
        case errc::bad_request: return "BAD_REQUEST";
        case errc::unauthorized: return "UNAUTHORIZED";
        case errc::forbidden: return "FORBIDDEN";
        case errc::not_found: return "NOT_FOUND";
        case errc::rate_limited: return "RATE_LIMITED";
        case errc::server: return "SERVER";
        case errc::status: return "STATUS";
        case errc::not_applied: return "NOT_APPLIED";
    }
    return "";
}

namespace detail {

class category final : public std::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "sg_open_tracking"; }
    [[nodiscard]] std::string message(int code) const override { return sg_strerror(code); }
    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
        switch (static_cast<errc>(code)) {
            case errc::argument: return std::errc::invalid_argument;
            case errc::cancelled: return std::errc::operation_canceled;
            case errc::timeout: return std::errc::timed_out;
            case errc::io: return std::errc::io_error;
            case errc::protocol: return std::errc::protocol_error;
            default: return {code, *this};
        }
    }
};

} // namespace detail

/// The category of the codes. An errc turns into a std::error_code of it by itself.
[[nodiscard]] inline const std::error_category& category() noexcept {
    static const detail::category instance;
    return instance;
}
[[nodiscard]] inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), category()};
}

} // namespace sg_open_tracking

template <>
struct std::is_error_code_enum<sg_open_tracking::errc> : std::true_type {};

namespace sg_open_tracking {

/// What became of a call. True if it succeeded.
class result {
  public:
    explicit result(const sg_result& raw) noexcept : raw_(raw) {}

    /// A call that the library never saw, or said no more of than its code.
    result(errc code, std::string_view message, bool closed = false) noexcept : closed_(closed) {
        raw_.code = static_cast<std::int32_t>(code);
        raw_.retry_after_ms = -1;
        message.copy(raw_.message, sizeof raw_.message - 1);
    }

    [[nodiscard]] errc code() const noexcept { return static_cast<errc>(raw_.code); }
    explicit operator bool() const noexcept { return raw_.code == SG_OK; }

    /// What the server reported: is open tracking on? Known for success and errc::not_applied.
    [[nodiscard]] std::optional<bool> enabled() const noexcept {
        if (code() != errc::ok && code() != errc::not_applied) return std::nullopt;
        return raw_.enabled;
    }
    /// Of the last response; 0 if none arrived.
    [[nodiscard]] int http_status() const noexcept { return raw_.http_status; }
    /// Requests sent, the first included.
    [[nodiscard]] std::uint32_t attempts() const noexcept { return raw_.attempts; }
    /// The wait that the server asked for, if it did.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const noexcept {
        if (raw_.retry_after_ms < 0) return std::nullopt;
        return std::chrono::milliseconds(raw_.retry_after_ms);
    }
    /// How long the call took, waits included.
    [[nodiscard]] std::chrono::microseconds elapsed() const noexcept {
        return std::chrono::microseconds(raw_.elapsed_us);
    }
    /// What happened, and what to do; "" for success. Lives as long as this result.
    [[nodiscard]] const char* message() const noexcept { return raw_.message; }
    /// Was the client closed before the call?
    [[nodiscard]] bool closed() const noexcept { return closed_; }

#ifdef __cpp_lib_expected
    /// What the server reported; or, if the call failed, all that is known of it.
    [[nodiscard]] std::expected<bool, result> expected() const noexcept {
        if (!*this) return std::unexpected(*this);
        return raw_.enabled;
    }
#endif

  private:
    sg_result raw_{};
    bool closed_ = false;
};

#if SG_OPEN_TRACKING_EXCEPTIONS
/// A call that did not do what it was asked to. what() says what happened and what to do.
class error : public std::exception {
  public:
    explicit error(const class result& result) noexcept : result_(result) {}
    [[nodiscard]] const char* what() const noexcept override { return result_.message(); }
    [[nodiscard]] errc code() const noexcept { return result_.code(); }
    /// All that is known of the call.
    [[nodiscard]] const class result& result() const noexcept { return result_; }

  private:
    class result result_;
};

/// A key, name, region or option that was refused before anything was sent.
struct argument_error : error { using error::error; };
/// The client was closed before the call.
struct closed_error : argument_error { using argument_error::argument_error; };
/// cancel(), close() or a stop token cut the call off.
struct cancelled_error : error { using error::error; };
/// A bug in the library.
struct internal_error : error { using error::error; };
/// No connection to the server, or it broke: errc::dns, connect, proxy, tls, io.
struct connection_failed : error { using error::error; };
/// The deadline passed, retries and waits included.
struct timeout_error : error { using error::error; };
/// The server's answer could not be understood.
struct protocol_error : error { using error::error; };
/// The server answered, and the answer is not success: errc::bad_request and all after it.
struct api_error : error { using error::error; };

/// Throws the exception for a result that is no success.
[[noreturn]] inline void raise(const result& result) {
    switch (result.code()) {
        case errc::argument:
            if (result.closed()) throw closed_error(result);
            throw argument_error(result);
        case errc::cancelled: throw cancelled_error(result);
        case errc::internal: throw internal_error(result);
        case errc::dns:
        case errc::connect:
        case errc::proxy:
        case errc::tls:
        case errc::io: throw connection_failed(result);
        case errc::timeout: throw timeout_error(result);
        case errc::protocol: throw protocol_error(result);
        case errc::bad_request:
        case errc::unauthorized:
        case errc::forbidden:
        case errc::not_found:
        case errc::rate_limited:
        case errc::server:
        case errc::status:
        case errc::not_applied: throw api_error(result);
        case errc::ok:
        case errc::partial: break;
    }
    throw error(result); // a code of a newer library
}
#endif

namespace detail {

/// Runs it, and keeps what it throws.
template <typename Work>
std::exception_ptr thrown_by(const Work& work) noexcept {
#if SG_OPEN_TRACKING_EXCEPTIONS
    try {
        work();
    } catch (...) {
        return std::current_exception();
    }
#else
    work();
#endif
    return nullptr;
}

/// Makes the call. Want of memory is its result, unless it ends a program without exceptions.
template <typename Call>
result in_memory(const Call& call) noexcept {
#if SG_OPEN_TRACKING_EXCEPTIONS
    try {
        return call();
    } catch (const std::bad_alloc&) {
        return {errc::internal, "out of memory"};
    }
#else
    return call();
#endif
}

} // namespace detail

} // namespace sg_open_tracking

#endif
