#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include "clock.h"

#include <time.h>

int64_t fp_clock_now(fp_clock clock, void *data) {
  struct timespec now;
  if (clock != NULL) return clock(data);
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
