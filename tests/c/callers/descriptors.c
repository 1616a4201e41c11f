/* The limit of open files is reached: calls fail in words, hang nowhere, and go well again once
 * there is room. A kept connection serves on meanwhile. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "traffic.h"

#include <fcntl.h>
#include <sys/resource.h>

enum { LIMIT = 64 };

static int taken[LIMIT], count;

static void take_all(void)
{
    int file;
    while (count < LIMIT && (file = open("/dev/null", O_RDONLY)) >= 0)
        taken[count++] = file;
}

static void release(int how_many)
{
    while (how_many-- > 0 && count > 0)
        close(taken[--count]);
}

static sg_client *by_system_store(const char *url)
{
    sg_client *client = NULL;
    sg_config *config = sg_config_new();
    sg_config_set_base_url(config, url);
    sg_config_set_proxy(config, "");
    sg_config_set_max_retries(config, 0);
    sg_config_set_timeout_ms(config, 5000);
    if (sg_client_new(sandbox.key, SG_REGION_GLOBAL, config, &client) != SG_OK)
        check(false, "a client needs no file of its own");
    sg_config_free(config);
    return client;
}

int main(void)
{
    need_sandbox();
    char by_name[64], by_address[64];
    snprintf(by_name, sizeof by_name, "https://localhost%s", strrchr(sandbox.url, ':'));
    snprintf(by_address, sizeof by_address, "https://127.0.0.1%s", strrchr(sandbox.url, ':'));
    setenv("SSL_CERT_FILE", sandbox.ca_file, 1);
    struct rlimit limit = {LIMIT, LIMIT};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        printf("Bail out! no limit\n");
        return EXIT_FAILURE;
    }
    sg_client *kept = sandbox_client(5000);
    check_code(get(kept, NULL), SG_OK, "a call opens a connection that is kept");

    for (int left = 0; left <= 4; left++) {
        sg_client *fresh = new_client(sandbox.key, SG_REGION_GLOBAL, by_address, 5000), *named = by_system_store(by_name);
        take_all();
        release(left);
        int64_t begin = now_ms();
        sg_result first = get(fresh, NULL), second = get(named, NULL), on_kept = get(kept, NULL);
        int64_t time = now_ms() - begin;
        release(LIMIT);

        bool told = first.code == (left == 0 ? SG_ERR_CONNECT : SG_OK);
        check(told, "%d files left, an address: code %d %s", left, (int)first.code, first.message);
        check(second.code == SG_OK || (second.code != SG_ERR_INTERNAL && second.code != SG_ERR_TIMEOUT && left < 4),
              "%d files left, a name: code %d %s", left, (int)second.code, second.message);
        check(on_kept.code == SG_OK && on_kept.attempts == 1, "%d files left, a kept connection: code %d %s", left,
              (int)on_kept.code, on_kept.message);
        check(time < 2000 + slack_ms(), "in %lld ms", (long long)time);
        check_code(get(fresh, NULL), SG_OK, "then the one client recovers");
        check_code(get(named, NULL), SG_OK, "and the other");
        sg_client_free(named);
        sg_client_free(fresh);
    }
    int before = count_of("fd");
    sg_client_free(kept);
    check(count_of("fd") == before - 1, "and each connection is closed with its client");
    return sum_up();
}
