// The calls that begin with try_, in a program without exceptions and RTTI. Run by tests/conformance/run.sh.
//
// With DROPPED, each result is dropped, which the compiler is to warn of.

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "sg_open_tracking.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this is to be compiled with -fno-exceptions -fno-rtti"
#endif

#ifdef DROPPED
#define HAS_CODE(code, ...) __VA_ARGS__
#else
#define HAS_CODE(code, ...) has_code(code, __VA_ARGS__, __LINE__)
#endif

namespace sg = sg_open_tracking;
using namespace std::chrono_literals;

namespace {

int failures = 0;

[[maybe_unused]] void has_code(sg::errc code, const sg::result& result, int line) {
    if (result.code() == code) return;
    ++failures;
    std::printf("FAILED line %d: %s\n", line, result.message());
}

void calls(const char* key) {
    const std::vector<const char*> names = {"subuser-00001", "nobody"};
    const auto ignore = [](std::size_t, const sg::result&) {};
    std::optional<sg::client> client;
    std::optional<sg::client> derived;

    HAS_CODE(sg::errc::argument, sg::client::try_make(client, ""));
    HAS_CODE(sg::errc::ok, sg::client::try_make(client, key));
    HAS_CODE(sg::errc::ok, client->try_derive(derived, 5s));
    HAS_CODE(sg::errc::ok, client->try_update(false));
    HAS_CODE(sg::errc::not_found, derived->try_get("nobody"));
    HAS_CODE(sg::errc::partial, client->try_update_many(false, names, ignore));
    HAS_CODE(sg::errc::partial, client->try_get_many(names, ignore));
    HAS_CODE(sg::errc::ok, client->try_list_subusers([](std::string_view) {}));
#ifdef __cpp_lib_jthread
    HAS_CODE(sg::errc::ok, client->try_update(false, {}, std::stop_token()));
    HAS_CODE(sg::errc::ok, client->try_get({}, std::stop_token()));
#endif
    HAS_CODE(sg::errc::ok, sg::try_update_open_tracking(key, false));
    HAS_CODE(sg::errc::ok, sg::try_get_open_tracking(key));
    HAS_CODE(sg::errc::ok, sg::try_update_open_tracking(key, false, sg::region::global, {}, sg::options()));
    HAS_CODE(sg::errc::ok, sg::try_get_open_tracking(key, sg::region::global, {}, sg::options()));
}

} // namespace

int main() {
    calls(std::getenv("SANDBOX_KEY"));
    if (failures == 0) std::puts("all well");
    return failures == 0 ? 0 : 1;
}
