// Runs tests/conformance/cases.json, and the scenarios that its README names, on this header.
//
//     tests/conformance/run.sh PROGRAM VERSION

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "sg_open_tracking.hpp"

namespace sg = sg_open_tracking;
using nlohmann::json;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

// A call that was cut off must end in this time; on its own it would take 30 s.
constexpr auto bounded = 5s;

void require(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error(what);
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    require(value != nullptr, std::string(name) + " is not set");
    return value;
}

std::string resolved(const std::string& text) { return text.rfind('$', 0) == 0 ? environment(text.c_str() + 1) : text; }

std::string normal(const std::string& text) {
    std::string kept;
    for (const char byte : text)
        if (byte != '_') kept += byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
    return kept;
}

std::string contents(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// ---- the table

sg::options options_for(bool eu, const json& given = json::object()) {
    sg::options options;
    options.base_url = environment(eu ? "SANDBOX_EU_URL" : "SANDBOX_URL");
    options.ca_file = environment("SANDBOX_CA_FILE");
    options.proxy = "";
    options.timeout = 10s;
    options.max_retries = 0;
    const std::map<std::string, std::function<void(const json&)>> setters = {
        {"timeout_ms", [&](auto& v) { options.timeout = milliseconds(v.template get<std::int64_t>()); }},
        {"connect_timeout_ms", [&](auto& v) { options.connect_timeout = milliseconds(v.template get<std::int64_t>()); }},
        {"max_retries", [&](auto& v) { options.max_retries = v.template get<std::uint32_t>(); }},
        {"max_connections", [&](auto& v) { options.max_connections = v.template get<std::uint32_t>(); }},
        {"requests_per_minute", [&](auto& v) { options.requests_per_minute = v.template get<std::uint32_t>(); }},
        {"base_url", [&](auto& v) { options.base_url = resolved(v.template get<std::string>()); }},
        {"proxy", [&](auto& v) { options.proxy = resolved(v.template get<std::string>()); }},
        {"ca_file", [&](auto& v) { options.ca_file = resolved(v.template get<std::string>()); }},
        {"user_agent", [&](auto& v) { options.user_agent = resolved(v.template get<std::string>()); }},
    };
    for (const auto& [name, value] : given.items()) setters.at(name)(value);
    return options;
}

// C++'s type of a count can't express these.
bool inexpressible(const json& test) {
    if (!test.contains("options")) return false;
    for (const auto& [name, value] : test["options"].items()) {
        const bool count = name.rfind("max_", 0) == 0 || name == "requests_per_minute";
        if (count && (value.get<std::int64_t>() < 0 || value.get<std::int64_t>() > UINT32_MAX)) return true;
    }
    return false;
}

sg::result perform(const json& test, const std::string& key, sg::region region) {
    const std::string call = test["call"];
    const bool enabled = test.value("enabled", false);
    std::optional<std::string> name;
    if (test.contains("on_behalf_of")) name = test["on_behalf_of"].get<std::string>();

    if (call == "one_shot_update") return sg::try_update_open_tracking(key, enabled, region, name);
    if (call == "one_shot_get") return sg::try_get_open_tracking(key, region, name);
    std::optional<sg::client> client;
    const auto options = options_for(region == sg::region::eu, test.value("options", json::object()));
    if (auto made = sg::client::try_make(client, key, region, options); !made || call == "client_new") return made;
    return call == "update" ? client->try_update(enabled, name) : client->try_get(name);
}

void run_case(const json& test) {
    const json region = test.value("region", json("global"));
    const auto where = region.is_number() ? static_cast<sg::region>(region.get<int>())
                       : region == "eu"   ? sg::region::eu
                                          : sg::region::global;
    const auto key = resolved(test.value("key", where == sg::region::eu ? "$SANDBOX_EU_KEY" : "$SANDBOX_KEY"));
    const sg::result result = perform(test, key, where);

    const std::string message = result.message();
    const json seen = {
        {"code", sg::to_string(result.code())},
        {"http_status", result.http_status()},
        {"enabled", result.enabled() ? json(*result.enabled()) : json()},
        {"attempts", result.attempts()},
        {"retry_after_ms", result.retry_after() ? result.retry_after()->count() : -1},
    };
    for (const auto& [member, expected] : test["expect"].items()) {
        if (member == "message_part") {
            require(normal(message).find(normal(expected)) != std::string::npos,
                    "message: " + message + ", without " + expected.get<std::string>());
        } else {
            require(seen.at(member) == expected, member + ": " + seen.at(member).dump() + ", not " + expected.dump() +
                                                     " (" + message + ")");
        }
    }
    require(message.empty() == static_cast<bool>(result), "no message, or one with success");
    require(key.size() < 2 || message.find(key) == std::string::npos, "the message holds the key");
}

// ---- the scenarios

// Gives the names one by one, and once.
struct generator {
    struct sentinel {};
    struct iterator {
        generator& of;
        const std::string& operator*() const { return of.names[of.given % of.names.size()]; }
        iterator& operator++() {
            ++of.given;
            if (of.throws && of.given == of.names.size()) throw std::out_of_range("no more");
            return *this;
        }
        bool operator!=(sentinel) const { return of.endless || of.given < of.names.size(); }
    };
    iterator begin() { return {*this}; }
    [[nodiscard]] sentinel end() const { return {}; }

    const std::vector<std::string>& names;
    bool endless;
    bool throws;
    std::size_t given = 0;
};

sg::client client(milliseconds timeout = 10s) {
    auto options = options_for(false);
    options.timeout = timeout;
    return sg::client(environment("SANDBOX_KEY"), sg::region::global, options);
}

void ends_in(sg::errc code, const sg::result& result) {
    require(result.code() == code,
            "the call ended in " + std::string(sg::to_string(result.code())) + ": " + result.message());
    require(result.elapsed() < bounded, "the call took too long");
}

// A call that no reply would end is ended by `stop`, from another thread.
void in_flight(const std::function<sg::result()>& call, const std::function<void()>& stop) {
    const auto other = client();
    std::thread thread([&] {
        (void)other.get("fault-delay-100");
        stop();
    });
    const auto result = call();
    thread.join();
    ends_in(sg::errc::cancelled, result);
}

void cancel() {
    const auto origin = client(30s);
    const auto derived = origin.derive();
    in_flight([&] { return derived.try_get("fault-silent"); }, [&] { derived.cancel(); });
    ends_in(sg::errc::cancelled, derived.try_get());
    (void)origin.get();
#ifdef __cpp_lib_jthread
    std::stop_source source;
    in_flight([&] { return origin.try_get("fault-silent", source.get_token()); }, [&] { source.request_stop(); });
    ends_in(sg::errc::cancelled, origin.try_update(true, {}, source.get_token()));
    (void)origin.get({}, std::stop_token());
    in_flight([&] { return origin.try_get("fault-silent", std::stop_token()); }, [&] { origin.cancel(); });
#endif
}

void close_client() {
    auto opened = client(30s);
    in_flight([&] { return opened.try_get("fault-silent"); }, [&] { opened.close(); });
    opened.close();
    opened.cancel();
    ends_in(sg::errc::argument, opened.try_get());
    ends_in(sg::errc::argument, opened.try_update(false));
    try {
        (void)opened.derive();
        require(false, "derive() on a closed client");
    } catch (const sg::closed_error&) {
    }
}

void derive() {
    auto origin = client(30s);
    const auto kept = origin.derive();
    ends_in(sg::errc::timeout, origin.derive(150ms).try_get("fault-silent"));
    origin.close();
    (void)kept.get();
}

void threads() {
    const auto opened = client();
    std::array<std::string, 8> wrong;
    std::vector<std::thread> workers;
    for (std::size_t number = 0; number < wrong.size(); ++number) {
        workers.emplace_back([&opened, &mine = wrong[number], name = "subuser-0001" + std::to_string(number)] {
            for (int turn = 0; turn < 25; ++turn) {
                const bool wanted = turn % 2 == 0;
                const auto set = opened.try_update(wanted, name);
                const auto read = opened.try_get(name);
                if (set.enabled() != wanted || read.enabled() != wanted) mine = name + ": " + read.message();
            }
        });
    }
    for (auto& worker : workers) worker.join();
    for (const auto& mine : wrong) require(mine.empty(), mine);
}

void fleet() {
    const auto opened = client();
    std::vector<std::string> subusers;
    for (int number = 1; number <= 25; ++number)
        subusers.push_back((number < 10 ? "subuser-0000" : "subuser-000") + std::to_string(number));
    auto listed = opened.list_subusers();
    std::sort(listed.begin(), listed.end());
    require(listed == subusers, "the list is another");

    auto and_nobody = subusers;
    and_nobody.emplace_back("nobody");
    std::map<std::size_t, int> off;
    const bool all_well = opened.update_many(false, and_nobody, [&](std::size_t index, const sg::result& result) {
        off[index] += result.enabled() == false ? 1 : result.code() == sg::errc::not_found ? 100 : 10'000;
    });
    require(!all_well && off.size() == 26 && off[25] == 100, "\"nobody\" was not reported");
    require(std::all_of(off.begin(), --off.end(), [](auto& each) { return each.second == 1; }), "not all are off");
    int read = 0;
    require(opened.get_many(subusers, [&](std::size_t, const sg::result& result) { read += result.enabled() == false; }),
            "a read failed");
    require(read == 25, "not all were read as off");

    int told = 0;
    const std::vector<const char*> same(1'000, "subuser-00001");
    require(!opened.get_many(same, [&](std::size_t, const sg::result&) { return ++told < 1; }), "told to stop");
    opened.list_subusers([&](std::string_view) { return ++told < 2; });
    require(told == 2, "it went on");

    const sg::client wrong("SG.wrong", sg::region::global, options_for(false));
    const auto ignore = [](std::size_t, const sg::result&) noexcept {};
    subusers.resize(10);
    ends_in(sg::errc::unauthorized, wrong.try_update_many(false, subusers, ignore));
    const std::vector<const char*> silent = {"fault-silent"};
    in_flight([&] { return opened.try_update_many(false, silent, ignore); }, [&] { opened.cancel(); });
}

// The calls for many, given a sequence of this kind: each name that it gives is done once.
void sequence(const std::string& kind) {
    const auto opened = client();
    const std::vector<std::string> names = {"subuser-00001", "subuser-00002", "subuser-00001"};
    const bool endless = kind == "endless";
    std::map<std::size_t, int> done;
    std::size_t told = 0;
    const auto note = [&](std::size_t index, const sg::result& result) {
        require(static_cast<bool>(result), result.message());
        ++done[index];
        return !endless || ++told < 3;
    };
    std::string thrown;
    generator lazy{names, endless, kind == "throws"};
    try {
        const bool all_well = kind == "repeated" ? opened.get_many(names, note)
                              : kind == "set"    ? opened.get_many(std::set<std::string>(names.begin(), names.end()), note)
                                                 : opened.get_many(lazy, note);
        require(all_well != endless, "left early, or not");
    } catch (const std::out_of_range& error) {
        thrown = error.what();
    }
    require(thrown == (kind == "throws" ? "no more" : ""), "\"" + thrown + "\" was thrown");
    require(done.size() == (kind == "set" ? 2 : 3), std::to_string(done.size()) + " were done");
    require(std::all_of(done.begin(), done.end(), [](auto& each) { return each.second == 1; }), "one was done twice");
    require(lazy.given <= 1'000, std::to_string(lazy.given) + " were taken ahead");
}

// "info end: level call", of a line of the log.
std::string shape(sg::log_level level, const std::string& line) {
    static const std::regex pair(R"((\w+)=("(?:[^"\\]|\\.)*"|\S*))");
    static const std::map<sg::log_level, std::string> levels = {{sg::log_level::error, "error"},
                                                                {sg::log_level::warn, "warn"},
                                                                {sg::log_level::info, "info"},
                                                                {sg::log_level::debug, "debug"}};
    std::string event;
    std::string names;
    for (std::sregex_iterator at(line.begin(), line.end(), pair), end; at != end; ++at) {
        if ((*at)[1] == "event") event = (*at)[2];
        else names += ' ' + (*at)[1].str();
    }
    return levels.at(level) + ' ' + event + ':' + names;
}

void log(const json& test) {
    std::vector<std::string> lines;
    auto options = options_for(false);
    options.max_retries = 2;
    options.logger = [&](sg::log_level level, std::string_view line) { lines.push_back(shape(level, std::string(line))); };
    options.log_level = sg::log_level::debug;
    const sg::client opened(environment("SANDBOX_KEY"), sg::region::global, options);
    (void)opened.get("subuser-00001");
    lines.clear();
    (void)opened.get(test["on_behalf_of"].get<std::string>());
    require(json(lines) == test["expect_log"], json(lines).dump());
}

long resident_kib() {
    std::smatch found;
    const std::string status = contents("/proc/self/status");
    require(std::regex_search(status, found, std::regex(R"(VmRSS:\s*(\d+))")), "no VmRSS");
    return std::stol(found[1]);
}

void memory() {
    const auto opened = client();
    const auto calls = [&](int count) {
        for (int number = 0; number < count; ++number) {
            if (number % 10 == 0) {
                ends_in(sg::errc::argument, opened.try_get("\n"));
            } else if (number % 10 == 1) {
                ends_in(sg::errc::not_found, opened.try_get("nobody"));
            } else if (number % 2 == 1) {
                opened.update(number % 3 == 0);
            } else {
                (void)opened.derive().get();
            }
        }
    };
    calls(2'000);
    const long before = resident_kib();
    calls(10'000);
    const long grown = resident_kib() - before;
    std::cout << "  memory: " << std::showpos << grown << std::noshowpos << " KiB over 10,000 calls\n";
    require(grown < 2'048, std::to_string(grown) + " KiB more");
}

void constants() {
    const std::string header = contents(environment("CONFORMANCE_HEADER"));
    std::map<int, std::string> codes;
    std::map<std::string, int> others;
    const std::regex constant(R"(\bSG_(REGION_|LOG_)?(?:ERR_)?(\w+) = (\d+))");
    for (std::sregex_iterator at(header.begin(), header.end(), constant), end; at != end; ++at) {
        const auto& found = *at;
        if (found[1].matched) others[found[1].str() + found[2].str()] = std::stoi(found[3]);
        else codes[std::stoi(found[3])] = found[2];
    }
    require(codes.size() > 10, "the header's codes were not found");
    for (int number = 0; number < 1'000; ++number) {
        const auto name = std::string(sg::to_string(static_cast<sg::errc>(number)));
        require(name == (codes.count(number) ? codes[number] : ""), std::to_string(number) + " is " + name);
    }
    const std::map<std::string, int> ours = {
        {"REGION_GLOBAL", static_cast<int>(sg::region::global)}, {"REGION_EU", static_cast<int>(sg::region::eu)},
        {"LOG_ERROR", static_cast<int>(sg::log_level::error)},   {"LOG_WARN", static_cast<int>(sg::log_level::warn)},
        {"LOG_INFO", static_cast<int>(sg::log_level::info)},     {"LOG_DEBUG", static_cast<int>(sg::log_level::debug)}};
    require(others == ours, "the regions or the levels differ");
}

} // namespace

int main(int, char** arguments) {
    int passed = 0;
    int failed = 0;
    const auto attempt = [&](const std::string& name, const std::function<void()>& test) {
        try {
            test();
            ++passed;
        } catch (const std::exception& wrong) {
            ++failed;
            std::cout << "FAILED " << name << ": " << wrong.what() << '\n';
        }
    };
    for (const auto& test : json::parse(contents(environment("CONFORMANCE_CASES")))) {
        const auto scenario = test.value("scenario", "");
        if (inexpressible(test)) continue;
        attempt(test["name"], [&] {
            if (scenario == "sequence") sequence(test["sequence"]);
            else if (scenario == "log") log(test);
            else run_case(test);
        });
    }
    // "secret" is not among them: a client shows no text of itself.
    attempt("cancel", cancel);
    attempt("close", close_client);
    attempt("derive", derive);
    attempt("threads", threads);
    attempt("fleet", fleet);
    attempt("memory", memory);
    attempt("constants", constants);
    std::cout << "cpp " << (arguments[1] ? arguments[1] : "?") << ": " << passed << " passed, " << failed << " failed\n";
    return failed == 0 ? 0 : 1;
}
