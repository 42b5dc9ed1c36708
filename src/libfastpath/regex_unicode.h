/* regex_unicode.h - what regular expressions know of Unicode: categories, scripts and letter case. */
#ifndef FASTPATH_INTERNAL_REGEX_UNICODE_H
#define FASTPATH_INTERNAL_REGEX_UNICODE_H

#include "regex_class.h"

typedef struct fp_regex_unicode_set {
  const char *name;
  const fp_regex_range *ranges; /* ascending, with gaps between them */
  uint32_t count;
} fp_regex_unicode_set;

/* A general category ("L", "Lu") or a script ("Greek"); NULL when there is none of that name. */
const fp_regex_unicode_set *fp_regex_unicode_find(const uint8_t *name, size_t len);
bool fp_regex_unicode_has(const fp_regex_unicode_set *set, uint32_t point);

/* The next of those code points which differ by letter case only, in a cycle; `point` itself when it is alone. */
uint32_t fp_regex_fold_next(uint32_t point);

/* The first code point from `point` on that is not alone; UINT32_MAX when there is none. */
uint32_t fp_regex_fold_from(uint32_t point);

#endif
