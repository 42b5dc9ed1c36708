/* labels.h - looking at labels. */
#ifndef FASTPATH_INTERNAL_LABELS_H
#define FASTPATH_INTERNAL_LABELS_H

#include <fastpath/subset.h>
#include <stdatomic.h>

struct fp_labels {
  _Atomic size_t references;
  size_t count;
  fp_label items[]; /* by key; values of one key in the order in which they came. Their bytes follow */
};

/* As memcmp, a prefix first. */
int fp_span_compare(fp_span a, fp_span b);

/* The first label of this key; the count when there is none. `labels` may be NULL. */
size_t fp_labels_find(const fp_labels *labels, fp_span key);

/* Whether each of `wanted` is among the labels. Both may be NULL, which is none. */
int fp_labels_include(const fp_labels *labels, const fp_labels *wanted);

#endif
