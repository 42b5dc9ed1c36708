/* clock.h - seconds from some moment on. */
#ifndef FASTPATH_BENCH_CLOCK_H
#define FASTPATH_BENCH_CLOCK_H

#include <time.h>

static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
