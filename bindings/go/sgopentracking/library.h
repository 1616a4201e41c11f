/* The library's header, or what to do for want of it. */
#if __has_include(<sg_open_tracking.h>)
#include <sg_open_tracking.h>
#else
#error "libsg_open_tracking is not installed: https://github.com/sg-open-tracking/sg-open-tracking/blob/main/docs/install.md tells how. If it is in a place of its own, set CGO_CFLAGS=-I.../include and CGO_LDFLAGS=-L.../lib"
#endif
