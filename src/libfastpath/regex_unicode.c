#include "regex_unicode.h"

#include <string.h>

#include "regex_unicode_table.h"

/* low .. high go to themselves + delta; with 0 each goes to the other one of its pair. */
typedef struct fold_run {
  uint32_t low, high;
  int32_t delta;
} fold_run;

static const fp_regex_range ranges[] = {REGEX_UNICODE_RANGES};

#define SET(name, first, count) {name, ranges + (first), count},
static const fp_regex_unicode_set sets[] = {REGEX_UNICODE_SETS(SET)};

#define RUN(low, high, delta) {low, high, delta},
static const fold_run folds[] = {REGEX_UNICODE_FOLDS(RUN)};
#define FOLD_COUNT (sizeof folds / sizeof *folds)

const fp_regex_unicode_set *fp_regex_unicode_find(const uint8_t *name, size_t len) {
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    if (strlen(sets[i].name) == len && memcmp(sets[i].name, name, len) == 0) return &sets[i];
  }
  return NULL;
}

bool fp_regex_unicode_has(const fp_regex_unicode_set *set, uint32_t point) {
  uint32_t low = 0, high = set->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (point < set->ranges[middle].low) {
      high = middle;
    } else if (point > set->ranges[middle].high) {
      low = middle + 1;
    } else {
      return true;
    }
  }
  return false;
}

/* Index of the first run that does not end before `point`. */
static size_t find_run(uint32_t point) {
  size_t low = 0, high = FOLD_COUNT;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (folds[middle].high < point) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint32_t fp_regex_fold_next(uint32_t point) {
  size_t i = find_run(point);
  if (i == FOLD_COUNT || point < folds[i].low) return point;
  if (folds[i].delta == 0) return folds[i].low + ((point - folds[i].low) ^ 1);
  return (uint32_t)((int64_t)point + folds[i].delta);
}

uint32_t fp_regex_fold_from(uint32_t point) {
  size_t i = find_run(point);
  if (i == FOLD_COUNT) return UINT32_MAX;
  return point < folds[i].low ? folds[i].low : point;
}
