// What C++ adds to the calls: exceptions, results, ownership. Run by tests/conformance/run.sh.

#include <array>
#include <cstdlib>
#include <iostream>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include "sg_open_tracking.hpp"

namespace sg = sg_open_tracking;
using namespace std::chrono_literals;

namespace {

template <typename Enabled, typename = void>
constexpr bool updates_with = false;
template <typename Enabled>
constexpr bool updates_with<
    Enabled, std::void_t<decltype(std::declval<sg::client>().update(std::declval<Enabled>()))>> = true;

static_assert(updates_with<bool>);
static_assert(!updates_with<const char*> && !updates_with<int>, "\"off\" would switch it on");
static_assert(!std::is_copy_constructible_v<sg::client> && std::is_nothrow_move_constructible_v<sg::client>);
static_assert(noexcept(std::declval<sg::client>().try_update(true)) && noexcept(sg::try_get_open_tracking("")));
static_assert(std::is_trivially_copyable_v<sg::result>);

int failures = 0;

void check(bool holds, const char* what) {
    if (holds) return;
    ++failures;
    std::cout << "FAILED " << what << '\n';
}

template <typename Error>
void throws(sg::errc code, const char* what) {
    const sg::result result(code, "what happened");
    try {
        sg::raise(result);
    } catch (const sg::error& error) {
        check(typeid(error) == typeid(Error), what);
        check(error.code() == code && error.what() == std::string("what happened"), what);
    }
}

void families() {
    throws<sg::argument_error>(sg::errc::argument, "argument_error");
    throws<sg::cancelled_error>(sg::errc::cancelled, "cancelled_error");
    throws<sg::internal_error>(sg::errc::internal, "internal_error");
    for (const auto code : {sg::errc::dns, sg::errc::connect, sg::errc::proxy, sg::errc::tls, sg::errc::io})
        throws<sg::connection_failed>(code, "connection_failed");
    throws<sg::timeout_error>(sg::errc::timeout, "timeout_error");
    throws<sg::protocol_error>(sg::errc::protocol, "protocol_error");
    for (const auto code : {sg::errc::bad_request, sg::errc::unauthorized, sg::errc::forbidden, sg::errc::not_found,
                            sg::errc::rate_limited, sg::errc::server, sg::errc::status, sg::errc::not_applied})
        throws<sg::api_error>(code, "api_error");
    throws<sg::error>(static_cast<sg::errc>(99), "the code of a newer library");
}

void calls(const std::string& key) {
    sg::client client(key, sg::region::global);
    check(client.update(false).enabled() == false, "update");
    check(client.get().http_status() == 200, "get");
    try {
        (void)client.get("nobody");
        check(false, "a call that fails throws");
    } catch (const sg::api_error& error) {
        check(error.code() == sg::errc::not_found && error.result().http_status() == 404, "the error's details");
    }
    const sg::result failure = client.try_get("nobody");
    check(!failure && !failure.enabled(), "a failure reports no setting");
    check(client.try_update(true, "fault-not-applied").enabled() == false, "not_applied reports the setting");
    check(failure.elapsed() > 0us && failure.attempts() == 1, "the result's details");
    check(client.try_get("fault-status-429-retry-after-60").retry_after() == 60s, "the wait that was asked for");

    sg::client moved = std::move(client);
    check(moved.get().enabled() == false, "what was moved to works");
    check(client.try_get().closed(), "what was moved from is closed"); // NOLINT(bugprone-use-after-move)
    client.close();
    client.cancel();
    client = moved.derive();
    check(client.get().enabled() == false, "a client is assigned to again");

    try {
        const sg::client refused("SG.clé");
        check(false, "a bad key throws");
    } catch (const sg::argument_error& error) {
        check(std::string(error.what()).find("key must be") == 0, "the message about a key");
    }
    std::optional<sg::client> none;
    check(!moved.try_derive(none, -1ms) && !none, "try_derive refuses");
    check(moved.try_derive(none, 5s) && none, "try_derive");
    check(!sg::client::try_make(none, "") && !none, "try_make leaves no client behind");

#ifdef __cpp_lib_expected
    check(moved.try_get().expected().value() == false, "expected: a value");
    check(moved.try_get("nobody").expected().error().http_status() == 404, "expected: an error");
#endif
#if __cplusplus >= 202002L
    const sg::client patient(key, sg::region::global, {.timeout = 20s, .max_retries = 5});
    check(patient.get().enabled() == false, "designated options");
#endif
}

void many(const std::string& key) {
    sg::client client(key);
    const std::array<std::string_view, 2> names = {std::string_view("a\0b", 3), "subuser-00001"};
    bool refused = false;
    int told = 0;
    const auto count = [&](std::size_t index, const sg::result& result) noexcept {
        ++told;
        refused = refused || (index == 0 && result.code() == sg::errc::argument);
    };
    check(client.try_get_many(names, count).code() == sg::errc::partial && refused && told == 2, "try_get_many");
    try {
        client.get_many(names, [](std::size_t, const sg::result&) { throw std::string("enough"); });
        check(false, "what a callback throws comes out");
    } catch (const std::string& thrown) {
        check(thrown == "enough", "what a callback throws is the same");
    }
    check(client.get_many(std::vector<std::string>(), count) && told == 2, "no names");

    const sg::client reader(std::getenv("SANDBOX_READ_KEY"));
    const auto refusal = reader.try_list_subusers([](std::string_view) noexcept {});
    check(refusal.code() == sg::errc::forbidden && refusal.http_status() == 403, "try_list_subusers");
    client.close();
    check(client.try_get_many(names, count).closed(), "many calls of a closed client");
}

} // namespace

int main() {
    families();
    many(std::getenv("SANDBOX_KEY"));
    calls(std::getenv("SANDBOX_KEY"));
    std::cout << (failures == 0 ? "all well\n" : "");
    return failures == 0 ? 0 : 1;
}
