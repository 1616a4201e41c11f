// The headers are those of the library, and it answers: an empty key is refused without a call.
#include <cstdio>
#include <sg_open_tracking.hpp>

int main() {
    std::printf("libsg_open_tracking %s\n", sg_version());
    try {
        sg_open_tracking::client client("");
    } catch (const sg_open_tracking::error& error) {
        std::printf("an empty key: %s\n", error.what());
        return error.code() == sg_open_tracking::errc::argument ? 0 : 1;
    }
    return 1;
}
