/* clock.h - what time it is, by a clock that was given or by the system's. */
#ifndef FASTPATH_INTERNAL_CLOCK_H
#define FASTPATH_INTERNAL_CLOCK_H

#include <fastpath/lb.h>

/* NULL: the system's monotonic clock. */
int64_t fp_clock_now(fp_clock clock, void *data);

#endif
