#include "regex_class.h"

#include <string.h>

#include "grow.h"
#include "memory.h"
#include "regex_unicode.h"
#include "sort.h"

void fp_regex_class_clear(fp_regex_class *set) {
  fp_memory_free(set->ranges);
  *set = (fp_regex_class){.ranges = NULL};
}

static bool append(fp_regex_class *set, uint32_t low, uint32_t high) {
  set->work++;
  if (set->count > 0) { /* tables and classes come mostly in order */
    fp_regex_range *last = &set->ranges[set->count - 1];
    if (low >= last->low && high <= last->high) return true;
  }
  if (!fp_grow(set->ranges, &set->capacity, set->count)) return false;
  set->ranges[set->count++] = (fp_regex_range){low, high};
  return true;
}

bool fp_regex_class_add(fp_regex_class *set, uint32_t low, uint32_t high, bool fold) {
  if (!append(set, low, high)) return false;
  if (!fold) return true;
  for (uint32_t point = fp_regex_fold_from(low); point <= high; point = fp_regex_fold_from(point + 1)) {
    for (uint32_t other = fp_regex_fold_next(point); other != point; other = fp_regex_fold_next(other)) {
      if ((other >= low && other <= high) || (set->ascii_fold && (point | other) > 0x7f)) continue;
      if (!append(set, other, other)) return false;
    }
  }
  return true;
}

static int compare_ranges(const void *a, const void *b, const void *context) {
  const fp_regex_range *left = a, *right = b;
  (void)context;
  if (left->low != right->low) return left->low < right->low ? -1 : 1;
  return left->high < right->high ? -1 : left->high > right->high;
}

void fp_regex_class_normalize(fp_regex_class *set) {
  uint32_t kept = 0;
  fp_sort(set->ranges, set->count, sizeof *set->ranges, compare_ranges, NULL);
  for (uint32_t i = 0; i < set->count; i++) {
    fp_regex_range range = set->ranges[i];
    if (kept > 0 && range.low <= set->ranges[kept - 1].high + 1) {
      if (range.high > set->ranges[kept - 1].high) set->ranges[kept - 1].high = range.high;
    } else {
      set->ranges[kept++] = range;
    }
  }
  set->count = kept;
}

bool fp_regex_class_negate(fp_regex_class *set) {
  uint32_t next = 0, kept = 0;
  /* n ranges leave out n + 1 at most, and the last one is written after the last one was read. */
  if (!fp_grow(set->ranges, &set->capacity, set->count)) return false;
  for (uint32_t i = 0; i < set->count; i++) {
    fp_regex_range range = set->ranges[i];
    if (range.low > next) set->ranges[kept++] = (fp_regex_range){next, range.low - 1};
    next = range.high + 1;
  }
  if (next <= REGEX_CODE_POINT_MAX) set->ranges[kept++] = (fp_regex_range){next, REGEX_CODE_POINT_MAX};
  set->count = kept;
  return true;
}

bool fp_regex_class_add_named(fp_regex_class *set, const fp_regex_named *named, bool negated, bool fold) {
  fp_regex_class own = {.ascii_fold = set->ascii_fold};
  bool done = true;
  if (named->negated == negated) {
    for (uint32_t i = 0; i < named->count && done; i++)
      done = fp_regex_class_add(set, named->ranges[i].low, named->ranges[i].high, fold);
    return done;
  }
  for (uint32_t i = 0; i < named->count && done; i++)
    done = fp_regex_class_add(&own, named->ranges[i].low, named->ranges[i].high, fold);
  fp_regex_class_normalize(&own);
  done = done && fp_regex_class_negate(&own);
  for (uint32_t i = 0; i < own.count && done; i++) done = append(set, own.ranges[i].low, own.ranges[i].high);
  set->work += own.work;
  fp_regex_class_clear(&own);
  return done;
}

/* ---- ASCII sets by name */

static const fp_regex_range word[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const fp_regex_range alnum[] = {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}};
static const fp_regex_range alpha[] = {{'A', 'Z'}, {'a', 'z'}};
static const fp_regex_range ascii[] = {{0, 0x7f}};
static const fp_regex_range blank[] = {{'\t', '\t'}, {' ', ' '}};
static const fp_regex_range control[] = {{0, 0x1f}, {0x7f, 0x7f}};
static const fp_regex_range digit[] = {{'0', '9'}};
static const fp_regex_range graph[] = {{'!', '~'}};
static const fp_regex_range lower[] = {{'a', 'z'}};
static const fp_regex_range print[] = {{' ', '~'}};
static const fp_regex_range punct[] = {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
static const fp_regex_range perl_space[] = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
static const fp_regex_range space[] = {{'\t', '\r'}, {' ', ' '}};
static const fp_regex_range upper[] = {{'A', 'Z'}};
static const fp_regex_range hex_digit[] = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
static const fp_regex_range any[] = {{0, REGEX_CODE_POINT_MAX}};

#define RANGES(array) array, sizeof(array) / sizeof *(array)

static const struct {
  const char *name;
  const fp_regex_range *ranges;
  size_t count;
} posix_sets[] = {
    {"alnum", RANGES(alnum)},   {"alpha", RANGES(alpha)},      {"ascii", RANGES(ascii)}, {"blank", RANGES(blank)},
    {"cntrl", RANGES(control)}, {"digit", RANGES(digit)},      {"graph", RANGES(graph)}, {"lower", RANGES(lower)},
    {"print", RANGES(print)},   {"punct", RANGES(punct)},      {"space", RANGES(space)}, {"upper", RANGES(upper)},
    {"word", RANGES(word)},     {"xdigit", RANGES(hex_digit)},
};

static bool give(const fp_regex_range *ranges, size_t count, bool negated, fp_regex_named *named) {
  *named = (fp_regex_named){ranges, (uint32_t)count, negated};
  return true;
}

bool fp_regex_named_perl(uint8_t letter, fp_regex_named *named) {
  switch (letter) {
    case 'd': return give(RANGES(digit), false, named);
    case 'D': return give(RANGES(digit), true, named);
    case 's': return give(RANGES(perl_space), false, named);
    case 'S': return give(RANGES(perl_space), true, named);
    case 'w': return give(RANGES(word), false, named);
    case 'W': return give(RANGES(word), true, named);
    default: return false;
  }
}

bool fp_regex_named_posix(const uint8_t *name, size_t len, fp_regex_named *named) {
  size_t skipped = len > 2 && name[2] == '^' ? 3 : 2;
  if (len < skipped + 2) return false;
  for (size_t i = 0; i < sizeof posix_sets / sizeof *posix_sets; i++) {
    size_t known = strlen(posix_sets[i].name);
    if (known == len - skipped - 2 && memcmp(name + skipped, posix_sets[i].name, known) == 0)
      return give(posix_sets[i].ranges, posix_sets[i].count, skipped == 3, named);
  }
  return false;
}

bool fp_regex_named_unicode(const uint8_t *name, size_t len, fp_regex_named *named) {
  if (len == 3 && memcmp(name, "Any", 3) == 0) return give(RANGES(any), false, named);
  const fp_regex_unicode_set *set = fp_regex_unicode_find(name, len);
  return set != NULL && give(set->ranges, set->count, false, named);
}

bool fp_regex_is_name(uint32_t point) {
  static const char *const sets[] = {"L", "Mn", "Mc", "Nd", "Nl", "Pc"};
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    const fp_regex_unicode_set *set = fp_regex_unicode_find((const uint8_t *)sets[i], strlen(sets[i]));
    if (set != NULL && fp_regex_unicode_has(set, point)) return true;
  }
  return false;
}
