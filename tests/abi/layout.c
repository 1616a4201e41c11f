/* What the header's types are in memory, on every target: sizes, offsets and values that compiled
 * programs have built in. It only has to compile; as C11 and as C++17. */
#include <sg_open_tracking.h>

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) _Static_assert(condition, #condition)
#endif
#define STANDS(member, offset, size)                                                                                   \
    HOLDS(offsetof(sg_result, member) == (offset) && sizeof(((sg_result *)NULL)->member) == (size))

HOLDS(sizeof(sg_result) == 512);
STANDS(code, 0, 4);
STANDS(http_status, 4, 4);
STANDS(enabled, 8, 1);
STANDS(reserved_, 9, 3);
STANDS(attempts, 12, 4);
STANDS(retry_after_ms, 16, 8);
STANDS(elapsed_us, 24, 8);
STANDS(message, 32, 480);

HOLDS(sizeof(sg_code) == 4);
HOLDS(SG_OK == 0);
HOLDS(SG_ERR_ARGUMENT == 1);
HOLDS(SG_ERR_CANCELLED == 2);
HOLDS(SG_ERR_INTERNAL == 3);
HOLDS(SG_ERR_PARTIAL == 4);
HOLDS(SG_ERR_DNS == 10);
HOLDS(SG_ERR_CONNECT == 11);
HOLDS(SG_ERR_PROXY == 12);
HOLDS(SG_ERR_TLS == 13);
HOLDS(SG_ERR_TIMEOUT == 14);
HOLDS(SG_ERR_IO == 15);
HOLDS(SG_ERR_PROTOCOL == 16);
HOLDS(SG_ERR_BAD_REQUEST == 20);
HOLDS(SG_ERR_UNAUTHORIZED == 21);
HOLDS(SG_ERR_FORBIDDEN == 22);
HOLDS(SG_ERR_NOT_FOUND == 23);
HOLDS(SG_ERR_RATE_LIMITED == 24);
HOLDS(SG_ERR_SERVER == 25);
HOLDS(SG_ERR_STATUS == 26);
HOLDS(SG_ERR_NOT_APPLIED == 27);

HOLDS(sizeof(sg_region) == 4);
HOLDS(SG_REGION_GLOBAL == 0);
HOLDS(SG_REGION_EU == 1);

HOLDS(sizeof(sg_log) == 4);
HOLDS(SG_LOG_ERROR == 1);
HOLDS(SG_LOG_WARN == 2);
HOLDS(SG_LOG_INFO == 3);
HOLDS(SG_LOG_DEBUG == 4);
