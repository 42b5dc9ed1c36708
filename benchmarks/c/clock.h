/* clock.h - seconds of the processor that this program has used: what other programs take away does not count. */
#ifndef FASTPATH_BENCH_CLOCK_H
#define FASTPATH_BENCH_CLOCK_H

#include <time.h>

static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
