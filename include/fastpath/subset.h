/*
 * fastpath/subset.h - which hosts of a cluster a request is for, by the metadata of both.
 *
 *   labels of hosts   a: {version: 1, stage: prod}   b: {version: 2, stage: prod}   c: {version: 2}
 *   selectors         [version]   [stage, version]
 *   subsets           version=1: a    version=2: b, c    stage=prod version=1: a    stage=prod version=2: b
 *
 * A host belongs to a subset of each selector whose keys it has. A request names a subset by exactly those keys; what
 * becomes of a request that names none is for the fallback to say, of the selector if the keys are those of one, else
 * of the cluster. Each subset has priorities, localities, panic and schedules of its own.
 */
#ifndef FASTPATH_SUBSET_H
#define FASTPATH_SUBSET_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* A value by name. Values are compared byte for byte: whoever makes labels tells types apart. */
typedef struct fp_label {
  fp_span key;
  fp_span value;
} fp_label;

/* Labels of a host or of a request, sorted by key. Immutable; shared, atomic count. */
typedef struct fp_labels fp_labels;

/* Copies them. A host may have several values of one key, and is in the subsets of each; of a request the first counts.
   NULL when out of memory. Threads: any. */
fp_labels *fp_labels_new(const fp_label *labels, size_t count);
fp_labels *fp_labels_ref(fp_labels *labels);
void fp_labels_unref(fp_labels *labels); /* NULL is allowed */

/* By the numbers of Envoy's LbSubsetSelectorFallbackPolicy. */
typedef enum fp_subset_fallback {
  FASTPATH_SUBSET_NOT_DEFINED = 0, /* of a selector: as the cluster does */
  FASTPATH_SUBSET_NO_FALLBACK = 1, /* no host */
  FASTPATH_SUBSET_ANY_ENDPOINT = 2,
  FASTPATH_SUBSET_DEFAULT_SUBSET = 3,
  FASTPATH_SUBSET_KEYS_SUBSET = 4 /* of a selector: again, with only its fallback_keys */
} fp_subset_fallback;

/* Borrowed for the call that takes it. */
typedef struct fp_subset_selector {
  const fp_span *keys; /* key_count entries, which are sets: order and repetition do not matter */
  size_t key_count;    /* at least 1 */
  const fp_span *fallback_keys; /* for KEYS_SUBSET: some of the keys, not all; else none */
  size_t fallback_key_count;
  uint32_t fallback;    /* fp_subset_fallback */
  uint32_t single_host; /* 1: of a subset only the first host counts, healthy or not */
} fp_subset_selector;

/* Borrowed for the call that takes it. All zero bytes: no fallback, no selectors. */
typedef struct fp_subset_config {
  const fp_subset_selector *selectors;
  size_t selector_count;
  const fp_labels *default_subset; /* hosts that have all of these; NULL: all hosts */
  uint32_t fallback;               /* fp_subset_fallback, not KEYS_SUBSET; NOT_DEFINED is NO_FALLBACK */
  uint32_t panic_mode_any;         /* 1: when the cluster's fallback has no host to give, any host */
  uint32_t allow_redundant_keys;   /* 1: of a request only the keys of a selector count, the one with most of them */
  uint32_t locality_weight_aware;  /* 1: locality weights count within subsets; else they don't count at all */
  uint32_t scale_locality_weight;  /* 1: by how much of the locality is in the subset */
} fp_subset_config;

#define FASTPATH_SUBSET_MAX_KEYS 64

/* Of one endpoint, by one selector. */
#define FASTPATH_SUBSET_MAX_MEMBERSHIPS 1024

/* Immutable; shared, atomic count. */
typedef struct fp_subset_rules fp_subset_rules;

/*
 * Copies the config. FASTPATH_ERR_CONFIG with the index of the selector as position: no keys or more than
 * FASTPATH_SUBSET_MAX_KEYS, fallback keys that are not as told above, a fallback that is none; with position SIZE_MAX
 * for the cluster's fallback. Threads: any.
 */
fp_status fp_subset_rules_new(const fp_subset_config *config, fp_subset_rules **rules, fp_error *error);
fp_subset_rules *fp_subset_rules_ref(fp_subset_rules *rules);
void fp_subset_rules_unref(fp_subset_rules *rules); /* NULL is allowed */

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
