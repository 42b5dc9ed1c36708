/* regex_class.h - sets of code points while they are put together. */
#ifndef FASTPATH_INTERNAL_REGEX_CLASS_H
#define FASTPATH_INTERNAL_REGEX_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGEX_CODE_POINT_MAX 0x10ffffu

typedef struct fp_regex_range {
  uint32_t low, high;
} fp_regex_range;

/* Ranges in the order in which they were added, until they are normalised. Zeroed is empty. */
typedef struct fp_regex_class {
  fp_regex_range *ranges;
  uint32_t count, capacity;
  uint64_t work;   /* ranges ever added: what building classes has cost */
  bool ascii_fold; /* only letters of ASCII have a case, as where characters are bytes */
} fp_regex_class;

void fp_regex_class_clear(fp_regex_class *set);

/* false when out of memory, here and below. `fold` adds what differs from them by letter case only. */
bool fp_regex_class_add(fp_regex_class *set, uint32_t low, uint32_t high, bool fold);

/* Sort and join the ranges. */
void fp_regex_class_normalize(fp_regex_class *set);

/* Replace the ranges, which are normalised, by what they leave out. */
bool fp_regex_class_negate(fp_regex_class *set);

/* A named set, and what it is made of. */
typedef struct fp_regex_named {
  const fp_regex_range *ranges;
  uint32_t count;
  bool negated;
} fp_regex_named;

bool fp_regex_class_add_named(fp_regex_class *set, const fp_regex_named *named, bool negated, bool fold);

/* The sets behind \d \D \s \S \w \W, [:name:] and [:^name:], \p{name}; false when there is none of that name. */
bool fp_regex_named_perl(uint8_t letter, fp_regex_named *named);
bool fp_regex_named_posix(const uint8_t *name, size_t len, fp_regex_named *named); /* with brackets and colons */
bool fp_regex_named_unicode(const uint8_t *name, size_t len, fp_regex_named *named);

/* May a name of a group have this code point in it? Letters, marks, decimal and letter numbers, connectors. */
bool fp_regex_is_name(uint32_t point);

#endif
