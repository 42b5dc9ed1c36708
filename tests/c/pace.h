/* pace.h - for programs that do something at a steady pace; they define _DEFAULT_SOURCE. */
#ifndef FASTPATH_TESTS_PACE_H
#define FASTPATH_TESTS_PACE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static inline int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void sleep_until(int64_t moment) {
  const int64_t left = moment - nanoseconds();
  const struct timespec pause = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
  if (left > 0) nanosleep(&pause, NULL);
}

/* Threads that are busy all the time would take the processor from one that keeps a pace, where there are few. On Linux
   this is about the calling thread alone. */
static inline void step_back(void) { (void)!nice(19); }

#endif
