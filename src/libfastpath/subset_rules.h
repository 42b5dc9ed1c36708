/* subset_rules.h - a cluster's selectors and fallbacks, as subsets are built and looked for by. */
#ifndef FASTPATH_INTERNAL_SUBSET_RULES_H
#define FASTPATH_INTERNAL_SUBSET_RULES_H

#include <fastpath/subset.h>
#include <stdatomic.h>

/* Sorted, without repetition; the bytes are the rules' own. */
typedef struct fp_key_set {
  fp_span *keys;
  size_t count;
} fp_key_set;

typedef struct fp_subset_rule {
  fp_key_set keys;
  fp_key_set fallback_keys;
  fp_subset_fallback fallback;
  uint32_t single_host;
} fp_subset_rule;

struct fp_subset_rules {
  _Atomic size_t references;
  fp_labels *default_subset; /* NULL: all hosts */
  fp_subset_fallback fallback;
  uint32_t panic_mode_any;
  uint32_t allow_redundant_keys;
  uint32_t locality_weight_aware;
  uint32_t scale_locality_weight;
  size_t count;
  fp_subset_rule selectors[]; /* no two of the same keys; with redundant keys, those of most keys first */
};

/* The selector of exactly these keys, whose fallback is defined; NULL when there is none. */
const fp_subset_rule *fp_subset_rules_fallback(const fp_subset_rules *rules, const fp_span *keys, size_t count);

#endif
