/// From C++'s values to C's: what is refused here would otherwise be cut short, wrap around or be
/// taken for something else on the way.
#ifndef SG_OPEN_TRACKING_ARGUMENTS_HPP
#define SG_OPEN_TRACKING_ARGUMENTS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "errors.hpp"

namespace sg_open_tracking {

/// A bool, and nothing that turns into one: "off" would switch it on.
class exactly_bool {
  public:
    template <typename Bool, std::enable_if_t<std::is_same_v<Bool, bool>, int> = 0>
    constexpr exactly_bool(Bool value) noexcept : value_(value) {} // NOLINT(google-explicit-constructor)
    constexpr operator bool() const noexcept { return value_; }    // NOLINT(google-explicit-constructor)

  private:
    bool value_;
};

/// How urgent a line of the log is.
enum class log_level : std::int32_t {
    error = SG_LOG_ERROR,
    warn = SG_LOG_WARN,
    info = SG_LOG_INFO,
    debug = SG_LOG_DEBUG
};

/// Options of a client; what is left out is as the library has it.
struct options {
    /// Bounds a whole call, retries and waits included. 30 s.
    std::optional<std::chrono::milliseconds> timeout = {};
    /// Bounds the part of it that connects. 10 s.
    std::optional<std::chrono::milliseconds> connect_timeout = {};
    /// For lost connections, 429 and 5xx. 2.
    std::optional<std::uint32_t> max_retries = {};
    /// How many are kept open. 8; 1 to 1024.
    std::optional<std::uint32_t> max_connections = {};
    /// A cap on the client; 0 leaves the pace to the server. 0.
    std::optional<std::uint32_t> requests_per_minute = {};
    /// https, or http on a loopback address.
    std::optional<std::string> base_url = {};
    /// A URL; "" for none. As the environment says.
    std::optional<std::string> proxy = {};
    /// PEM; replaces the system's trust store.
    std::optional<std::string> ca_file = {};
    /// Appended to the library's own.
    std::optional<std::string> user_agent = {};
    /// Told what a call does, by lines such as "event=retry level=warn call=7 attempt=1 why=503 wait_ms=250", in the
    /// thread of the call, which waits for it; so several threads may call it at once. What it throws is dropped.
    /// A copy lives as long as the client and those that are derived. None.
    std::function<void(log_level, std::string_view)> logger = {};
    /// The least urgent that it is told.
    sg_open_tracking::log_level log_level = sg_open_tracking::log_level::info;
};

namespace detail {

inline constexpr std::size_t key_max = 512;
inline constexpr std::size_t on_behalf_of_max = 256;
inline constexpr const char* key_rule =
    "key must be 1 to 512 characters of visible ASCII, with no space; "
    "SG_OPEN_TRACKING_BASE_URL, if set, what base_url may be";
inline constexpr const char* one_call_rule =
    "key must be 1 to 512 characters of visible ASCII, with no space; on_behalf_of 1 to 256 characters of "
    "printable ASCII, with no space at either end; SG_OPEN_TRACKING_BASE_URL, if set, what base_url may be";

/// A text with the NUL that C needs, without an allocation. What is too long is cut one byte later,
/// so that the library says so; the copy is wiped, since it may be a key.
template <std::size_t Max>
class c_text {
  public:
    explicit c_text(std::optional<std::string_view> text) noexcept : given_(text.has_value()) {
        if (!text) return;
        holds_nul_ = text->find('\0') != std::string_view::npos;
        text->copy(bytes_, Max + 1);
    }
    c_text(const c_text&) = delete;
    c_text& operator=(const c_text&) = delete;
    ~c_text() {
        for (volatile char& byte : bytes_) byte = 0;
    }
    [[nodiscard]] const char* get() const noexcept { return given_ ? bytes_ : nullptr; }
    [[nodiscard]] bool holds_nul() const noexcept { return holds_nul_; }

  private:
    char bytes_[Max + 2] = {};
    bool given_;
    bool holds_nul_ = false;
};

inline result success(bool reported = false) noexcept {
    sg_result raw{};
    raw.enabled = reported;
    raw.retry_after_ms = -1;
    return result(raw);
}
inline result refused(const char* why) noexcept { return {errc::argument, why}; }

/// What a bare code means; `refusal` says it for a refused argument.
inline result of_code(sg_code code, const char* refusal, bool reported = false) noexcept {
    if (code == SG_OK) return success(reported);
    return {static_cast<errc>(code), code == SG_ERR_ARGUMENT ? refusal : sg_strerror(code)};
}

#if SG_OPEN_TRACKING_EXCEPTIONS
inline const result& checked(const result& outcome) {
    if (!outcome) raise(outcome);
    return outcome;
}
#endif

/// Refuses a library that is older than the one that this header needs, or of another major version.
inline result check_version(const char* version = sg_version()) noexcept {
    char* rest = nullptr;
    const bool fits = std::strtol(version, &rest, 10) == 1 && *rest == '.' && std::strtol(rest + 1, nullptr, 10) >= 1;
    return fits ? success() : refused("the libsg_open_tracking that was found is not 1.1 or a later 1.x: install one");
}

inline result check_region(region where) noexcept {
    const bool known = where == region::global || where == region::eu;
    return known ? success() : refused("region must be region::global or region::eu");
}

inline bool fits_uint32(std::chrono::milliseconds time) noexcept {
    return time.count() > 0 && time.count() <= std::numeric_limits<std::uint32_t>::max();
}

inline result set(sg_config* config, sg_code (*setter)(sg_config*, std::uint32_t),
                  std::optional<std::chrono::milliseconds> time, const char* refusal) noexcept {
    if (!time) return success();
    if (!fits_uint32(*time)) return refused(refusal);
    return of_code(setter(config, static_cast<std::uint32_t>(time->count())), refusal);
}

inline result set(sg_config* config, sg_code (*setter)(sg_config*, std::uint32_t), std::optional<std::uint32_t> count,
                  const char* refusal) noexcept {
    return count ? of_code(setter(config, *count), refusal) : success();
}

inline result set(sg_config* config, sg_code (*setter)(sg_config*, const char*), const std::optional<std::string>& text,
                  const char* refusal) noexcept {
    if (!text) return success();
    if (text->find('\0') != std::string::npos) return refused(refusal);
    return of_code(setter(config, text->c_str()), refusal);
}

using logger = std::function<void(log_level, std::string_view)>;

/// The clients that are made tell it, so it must live as long as they do.
inline result set_logger(sg_config* config, log_level least, logger& told) noexcept {
    const auto tell = [](void* self, std::int32_t level, const char* line) {
        thrown_by([&] { (*static_cast<logger*>(self))(static_cast<log_level>(level), line); });
    };
    return of_code(sg_config_set_log(config, static_cast<std::int32_t>(least), tell, &told), "log_level is none");
}

/// Sets every other option that is given, up to the first that is refused.
inline result set_all(sg_config* config, const options& with) noexcept {
    result outcome = success();
    const auto each = [&](auto setter, const auto& value, const char* refusal) noexcept {
        if (outcome) outcome = set(config, setter, value, refusal);
    };
    each(sg_config_set_timeout_ms, with.timeout, "timeout must be 1 to 4294967295 ms");
    each(sg_config_set_connect_timeout_ms, with.connect_timeout, "connect_timeout must be 1 to 4294967295 ms");
    each(sg_config_set_max_retries, with.max_retries, "max_retries was refused");
    each(sg_config_set_max_connections, with.max_connections, "max_connections must be 1 to 1024");
    each(sg_config_set_requests_per_minute, with.requests_per_minute, "requests_per_minute was refused");
    each(sg_config_set_base_url, with.base_url, "base_url must be an https URL, or http on a loopback address");
    each(sg_config_set_proxy, with.proxy, "proxy must be the URL of a proxy, or \"\" for none");
    each(sg_config_set_ca_file, with.ca_file, "ca_file must be a readable file of PEM certificates");
    each(sg_config_set_user_agent, with.user_agent, "user_agent must be 1 to 256 characters of printable ASCII");
    return outcome;
}

template <typename Function>
result one_call(std::string_view key, region where, std::optional<std::string_view> on_behalf_of,
                const Function& function) noexcept {
    const c_text<key_max> text(key);
    const c_text<on_behalf_of_max> name(on_behalf_of);
    if (text.holds_nul()) return refused("key must not hold a NUL");
    if (name.holds_nul()) return refused("on_behalf_of must not hold a NUL");
    if (result outcome = check_version(); !outcome) return outcome;
    if (result outcome = check_region(where); !outcome) return outcome;
    bool reported = false;
    const sg_code code = function(text.get(), name.get(), &reported);
    return of_code(code, one_call_rule, reported);
}

} // namespace detail

} // namespace sg_open_tracking

#endif
