/* fuzz_check.h - the assertion of the fuzzers: a property that does not hold is a crash. */
#ifndef FASTPATH_FUZZ_CHECK_H
#define FASTPATH_FUZZ_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define FUZZ_CHECK(condition)                                                       \
  do {                                                                              \
    if (!(condition)) {                                                             \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      abort();                                                                      \
    }                                                                               \
  } while (0)

#endif
