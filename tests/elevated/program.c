/* Has rights that its caller has not, and makes its ids equal before it calls the library, as programs
 * do that become another user. It tells whether the environment was heeded: a base URL that is none is
 * refused then. */
#define _GNU_SOURCE
#include <sg_open_tracking.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

int main(void)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    if (setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)
        perror("ids");
    sg_client *client;
    sg_code code = sg_client_new("SG.key", SG_REGION_GLOBAL, NULL, &client);
    puts(code == SG_OK ? "ignored" : "heeded");
    sg_client_free(client);
    return 0;
}
