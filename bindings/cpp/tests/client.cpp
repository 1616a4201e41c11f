// What C++ adds to the calls: exceptions, results, ownership. Run by tests/conformance/run.sh.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <forward_list>
#include <future>
#include <iostream>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

// clang 14 can't read the <ranges> of libstdc++ 12.
#if __cplusplus >= 202002L && !defined(__clang__)
#include <ranges>
#endif

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
static_assert(!std::is_copy_constructible_v<sg::client> && !std::is_copy_assignable_v<sg::client>, "two would close it");
static_assert(std::is_nothrow_move_constructible_v<sg::client> && std::is_nothrow_move_assignable_v<sg::client>);
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

void versions() {
    check(bool(sg::detail::check_version()), "the library's version fits");
    for (const char* fits : {"1.1.0", "1.1.7", "1.2.0", "1.10.0"}) {
        check(bool(sg::detail::check_version(fits)), fits);
    }
    for (const char* does_not : {"", "0.1.0", "1.0.9", "2.0.0", "2.1.0", "10.1.0"}) {
        const sg::result refused = sg::detail::check_version(does_not);
        check(refused.code() == sg::errc::argument, does_not);
        check(std::string(refused.message()).find("1.1 or a later 1.x") != std::string::npos, refused.message());
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

void codes() {
    const std::error_code none = sg::errc::ok;
    const std::error_code late = sg::errc::timeout;
    check(!none && late && late == sg::errc::timeout && late != sg::errc::server, "a code is a std::error_code");
    check(late == std::errc::timed_out && late != std::errc::operation_canceled, "with conditions of the standard");
    check(std::error_code(sg::errc::server) != std::errc::timed_out, "where there is one");
    check(late.category() == sg::category() && late.message() == sg_strerror(SG_ERR_TIMEOUT), "its category");
    check(sg::category().name() == std::string("sg_open_tracking"), "the category's name");
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

void one_shots(const std::string& key) {
    check(!sg::update_open_tracking(key, false) && !sg::get_open_tracking(key), "one-shot calls");
    sg::options impatient;
    impatient.timeout = 150ms;
    try {
        (void)sg::get_open_tracking(key, sg::region::global, "fault-silent", impatient);
        check(false, "a one-shot call has options");
    } catch (const sg::timeout_error& error) {
        check(error.result().elapsed() >= 150ms && error.result().attempts() == 1, "and details");
    }
    check(sg::try_update_open_tracking(key, false, sg::region::global, "nobody", {}).http_status() == 404, "details");
    check(sg::get_open_tracking(key, sg::region::global, {}, {}) == false, "with options that are all the default");
    impatient.max_connections = 0;
    check(!sg::try_get_open_tracking(key, sg::region::global, {}, impatient), "refused options");
}

void logs(const std::string& key) {
    std::mutex mutex;
    std::vector<std::pair<sg::log_level, std::string>> lines;
    const auto keep = [&](sg::log_level level, std::string_view line) {
        if (line.find("event=hold") == 0) return; // the service's limit may be met or not
        const std::lock_guard lock(mutex);
        lines.emplace_back(level, line);
    };
    const auto told = [&](std::string_view part) { // and forgets
        const auto has_part = [&](auto& each) { return each.second.find(part) != std::string::npos; };
        const bool found = std::any_of(lines.begin(), lines.end(), has_part);
        lines.clear();
        return found;
    };
    sg::options options;
    options.logger = keep;
    options.max_retries = 0;
    std::optional<sg::client> derived;
    {
        sg::client client(key, sg::region::global, options);
        (void)client.get();
        check(lines.size() == 1 && lines.front().first == sg::log_level::info, "a call that went well has a line");
        check(told("event=end level=info"), "of its end");
        (void)client.try_get("nobody");
        check(lines.size() == 1 && lines.front().first == sg::log_level::error, "one that failed has one of an error");
        check(told("status=404"), "with what is known");
        (void)client.get_many(std::array{"subuser-00001", "subuser-00002"}, [](auto, auto&&) {});
        check(lines.size() == 2 && told("on_behalf_of=subuser-00002"), "calls for many have a line each");
        derived = client.derive();
    }
    (void)derived->get();
    check(lines.size() == 1 && told("event=end"), "a derived client tells, when its origin and the options are gone");
    auto silent = std::async(std::launch::async, [&] { return derived->try_get("fault-silent"); });
    (void)derived->get("fault-delay-100");
    derived->close();
    silent.wait();
    check(lines.size() == 2 && told("SG_ERR_CANCELLED"), "so does a call that a close cuts off");

    options.log_level = sg::log_level::debug;
    (void)sg::try_get_open_tracking(key, sg::region::global, "fault-echo-key", options);
    check(lines.size() > 3 && !told(key), "a one-shot call tells each step, and the key is in none");
    options.log_level = sg::log_level::error;
    (void)sg::get_open_tracking(key, sg::region::global, {}, options);
    check(lines.empty(), "less urgent lines are left out");

    options.log_level = sg::log_level::debug;
    options.logger = [](sg::log_level, std::string_view) { throw std::string("enough"); };
    check(sg::get_open_tracking(key, sg::region::global, {}, options) == false, "what a logger throws ends no call");
    options.log_level = static_cast<sg::log_level>(9);
    check(sg::try_get_open_tracking(key, sg::region::global, {}, options).code() == sg::errc::argument, "no such level");
}

// Is each name of a range done once?
template <typename Names>
void all_done(const sg::client& client, Names&& names, std::size_t count, const char* what) {
    std::set<std::size_t> done;
    std::size_t told = 0;
    const bool well = client.get_many(names, [&](std::size_t index, const sg::result&) { ++told; done.insert(index); });
    check(well && told == count && done.size() == count && (count == 0 || *done.rbegin() == count - 1), what);
}

void ranges(const std::string& key) {
    const sg::client client(key);
    const char* const array[] = {"subuser-00001", "subuser-00002"};
    all_done(client, array, 2, "an array");
    all_done(client, std::forward_list<std::string>{"subuser-00001", "subuser-00001"}, 2, "a name given twice");
    all_done(client, std::set<std::string_view>{"subuser-00001", "subuser-00002"}, 2, "a set");
    all_done(client, std::vector<std::string>(2'001, "subuser-00001"), 2'001, "more than two lots");
    all_done(client, std::vector<std::string>(1'000, "subuser-00001"), 1'000, "one lot to the brim");
    const auto cancelled = client.derive();
    std::size_t last = 0;
    const auto cancel_at_last = [&](auto, auto&&) { if (++last == 1'000) cancelled.cancel(); };
    check(cancelled.get_many(std::vector<std::string>(1'000, "subuser-00001"), cancel_at_last), "and nothing after it");
    check(!client.get_many(std::vector<std::string>{"nobody", "subuser-00001"}, [](auto, auto&&) {}), "one failed");
    std::vector<std::string> early(1'500, "subuser-00001");
    early.front() = "nobody";
    check(!client.get_many(early, [](auto, auto&&) {}), "one failed in an earlier lot");
#if __cplusplus >= 202002L && !defined(__clang__)
    std::istringstream text("subuser-00001 subuser-00002 subuser-00001");
    all_done(client, std::views::istream<std::string>(text), 3, "what is read as it goes, and once");
    int made = 0;
    auto endless = std::views::iota(1) | std::views::transform([&](int) { ++made; return std::string("subuser-00001"); });
    int told = 0;
    const bool all_well = client.get_many(endless, [&](auto, auto&&) { return ++told < 3; });
    check(!all_well && told == 3 && made <= 1'000, "an endless range");
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
    versions();
    families();
    codes();
    one_shots(std::getenv("SANDBOX_KEY"));
    ranges(std::getenv("SANDBOX_KEY"));
    logs(std::getenv("SANDBOX_KEY"));
    many(std::getenv("SANDBOX_KEY"));
    calls(std::getenv("SANDBOX_KEY"));
    std::cout << (failures == 0 ? "all well\n" : "");
    return failures == 0 ? 0 : 1;
}
