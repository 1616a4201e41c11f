/* Memory, files and threads stay flat over CALLS calls of all kinds: 100,000 unless an argument
 * says otherwise. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "traffic.h"

static int wrong;

static void expect(int32_t wanted, sg_result result)
{
    if (result.code != wanted && wrong++ < 5)
        check(false, "wanted code %d, got %d: %s", (int)wanted, (int)result.code, result.message);
}

static void some_call(const sg_client *client, long number)
{
    switch (number % 20) {
    case 0: {
        sg_client *kin = derived(client, 1000);
        expect(SG_OK, get(kin, NULL));
        sg_client_cancel(kin);
        expect(SG_ERR_CANCELLED, get(kin, NULL));
        sg_client_free(kin);
        break;
    }
    case 1: expect(SG_ERR_NOT_FOUND, get(client, "nobody")); break;
    case 2: expect(SG_ERR_ARGUMENT, get(client, "no\nname")); break;
    case 3: expect(SG_ERR_PROTOCOL, get(client, "fault-malformed-json")); break;
    case 4: expect(SG_ERR_FORBIDDEN, get(client, "fault-status-403")); break;
    case 5: expect(SG_OK, get(client, "fault-chunked")); break;
    case 6: {
        bool enabled;
        if (sg_open_tracking_get(sandbox.key, SG_REGION_GLOBAL, NULL, &enabled) != SG_OK)
            wrong++;
        break;
    }
    case 7:
        /* A connection of its own now and then: that is dear. */
        if (number % 400 == 7) {
            sg_client *fresh = sandbox_client(5000);
            expect(SG_OK, get(fresh, NULL));
            expect(SG_ERR_IO, get(fresh, "fault-close"));
            sg_client_free(fresh);
        }
        break;
    default: expect(SG_OK, update(client, number % 2 == 0, number % 3 == 0 ? "subuser-00001" : NULL));
    }
}

int main(int argc, char **argv)
{
    need_sandbox();
    setenv("SG_OPEN_TRACKING_BASE_URL", sandbox.url, 1);
    setenv("SSL_CERT_FILE", sandbox.ca_file, 1);
    long calls = argc > 1 ? atol(argv[1]) : 100000, warm = calls / 10;
    sg_client *client = sandbox_client(5000);
    long memory = 0;
    int files = 0, tasks = 0;
    for (long number = 0; number < calls; number++) {
        if (number == warm) {
            memory = resident_kib();
            files = count_of("fd");
            tasks = count_of("task");
        }
        some_call(client, number);
    }
    check(wrong == 0, "%ld calls ended as they should: %d wrong", calls, wrong);
    long grown = resident_kib() - memory;
    check(grown < 256, "from call %ld on, %ld KiB resident grew by %ld", warm, memory, grown);
    check(settled("fd", files) == files && settled("task", tasks) == tasks, "%d files and %d threads stayed", files, tasks);
    sg_client_free(client);
    return sum_up();
}
