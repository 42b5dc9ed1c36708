#include "subset_rules.h"

#include <string.h>

#include "error.h"
#include "labels.h"
#include "memory.h"

static void key_set_clear(const fp_key_set *set) {
  for (size_t i = 0; i < set->count; i++) fp_memory_free((void *)set->keys[i].data);
  fp_memory_free(set->keys);
}

/* Where the key is, or belongs. */
static size_t place_of(const fp_key_set *set, fp_span key) {
  size_t at = 0;
  while (at < set->count && fp_span_compare(set->keys[at], key) < 0) at++;
  return at;
}

static int has_key(const fp_key_set *set, fp_span key) {
  const size_t at = place_of(set, key);
  return at < set->count && fp_span_compare(set->keys[at], key) == 0;
}

static fp_status key_set_init(fp_key_set *set, const fp_span *keys, size_t count) {
  if (count == 0) return FASTPATH_OK;
  set->keys = fp_memory_alloc(count * sizeof *set->keys);
  if (set->keys == NULL) return FASTPATH_ERR_MEMORY;
  for (size_t i = 0; i < count; i++) {
    const size_t at = place_of(set, keys[i]);
    uint8_t *copy;
    if (has_key(set, keys[i])) continue;
    copy = fp_memory_alloc(keys[i].len + 1);
    if (copy == NULL) return FASTPATH_ERR_MEMORY;
    if (keys[i].len > 0) memcpy(copy, keys[i].data, keys[i].len);
    memmove(set->keys + at + 1, set->keys + at, (set->count - at) * sizeof *set->keys);
    set->keys[at] = (fp_span){copy, keys[i].len};
    set->count++;
  }
  return FASTPATH_OK;
}

static int starts_with(const fp_key_set *set, const fp_span *keys, size_t count) {
  if (set->count < count) return 0;
  for (size_t i = 0; i < count; i++)
    if (fp_span_compare(set->keys[i], keys[i]) != 0) return 0;
  return 1;
}

static fp_status check_selector(const fp_subset_rule *rule, size_t index, fp_error *error) {
  const fp_key_set *keys = &rule->keys, *fallback = &rule->fallback_keys;
  if (rule->fallback != FASTPATH_SUBSET_KEYS_SUBSET) {
    if (fallback->count > 0)
      return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, index, "there are fallback keys for another fallback");
    return FASTPATH_OK;
  }
  if (fallback->count == 0) return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, index, "there are no fallback keys");
  for (size_t i = 0; i < fallback->count; i++)
    if (!has_key(keys, fallback->keys[i]))
      return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, index, "a fallback key is not one of the selector");
  if (fallback->count == keys->count)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, index, "the fallback keys are all keys of the selector");
  return FASTPATH_OK;
}

/* A selector behind the others. */
static fp_status add_selector(fp_subset_rules *rules, const fp_subset_selector *selector, size_t index,
                              fp_error *error) {
  fp_subset_rule *rule = &rules->selectors[rules->count];
  fp_status status;
  if (selector->key_count == 0 || selector->key_count > FASTPATH_SUBSET_MAX_KEYS ||
      selector->fallback_key_count > FASTPATH_SUBSET_MAX_KEYS)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, index, "a selector has from 1 to %d keys",
                        FASTPATH_SUBSET_MAX_KEYS);
  if (selector->fallback > FASTPATH_SUBSET_KEYS_SUBSET)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, index, "the fallback is none");
  memset(rule, 0, sizeof *rule);
  rules->count++;
  rule->fallback = (fp_subset_fallback)selector->fallback;
  rule->single_host = selector->single_host;
  status = key_set_init(&rule->keys, selector->keys, selector->key_count);
  if (status >= 0) status = key_set_init(&rule->fallback_keys, selector->fallback_keys, selector->fallback_key_count);
  return status < 0 ? status : check_selector(rule, index, error);
}

/* Whether a selector before `index` begins with its keys, or has just the same. */
static int is_begun(const fp_subset_rules *rules, size_t index, int same) {
  const fp_key_set *keys = &rules->selectors[index].keys;
  for (size_t i = 0; i < index; i++) {
    const fp_key_set *earlier = &rules->selectors[i].keys;
    if (starts_with(earlier, keys->keys, keys->count) && (!same || earlier->count == keys->count)) return 1;
  }
  return 0;
}

/* Of several selectors of the same keys the first counts. Envoy also passes over the fallback of a selector whose keys
   it finds on the way to those of an earlier one. */
static void settle_selectors(fp_subset_rules *rules) {
  size_t kept = 0;
  for (size_t i = 0; i < rules->count; i++)
    if (is_begun(rules, i, 0)) rules->selectors[i].fallback = FASTPATH_SUBSET_NOT_DEFINED;
  for (size_t i = 0; i < rules->count; i++) {
    const fp_subset_rule rule = rules->selectors[i];
    rules->selectors[kept] = rule;
    if (is_begun(rules, kept, 1)) {
      key_set_clear(&rule.keys);
      key_set_clear(&rule.fallback_keys);
    } else {
      kept++;
    }
  }
  rules->count = kept;
}

/* Those of most keys first, stable; there are few. */
static void sort_selectors(fp_subset_rules *rules) {
  for (size_t i = 1; i < rules->count; i++) {
    const fp_subset_rule rule = rules->selectors[i];
    size_t at = i;
    for (; at > 0 && rules->selectors[at - 1].keys.count < rule.keys.count; at--)
      rules->selectors[at] = rules->selectors[at - 1];
    rules->selectors[at] = rule;
  }
}

fp_status fp_subset_rules_new(const fp_subset_config *config, fp_subset_rules **rules, fp_error *error) {
  fp_subset_rules *made;
  fp_status status = FASTPATH_OK;
  if (config->fallback > FASTPATH_SUBSET_DEFAULT_SUBSET)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the fallback is none");
  if (config->selector_count > INT32_MAX) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many selectors");
  made = fp_memory_alloc(sizeof *made + config->selector_count * sizeof made->selectors[0]);
  if (made == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  made->fallback = (fp_subset_fallback)config->fallback;
  made->panic_mode_any = config->panic_mode_any;
  made->allow_redundant_keys = config->allow_redundant_keys;
  made->locality_weight_aware = config->locality_weight_aware;
  made->scale_locality_weight = config->scale_locality_weight;
  if (config->default_subset != NULL) made->default_subset = fp_labels_ref((fp_labels *)config->default_subset);
  for (size_t i = 0; status >= 0 && i < config->selector_count; i++)
    status = add_selector(made, &config->selectors[i], i, error);
  if (status < 0) {
    fp_subset_rules_unref(made);
    if (status == FASTPATH_ERR_MEMORY) (void)fp_error_set(error, status, 0, 0, "out of memory");
    return status;
  }
  if (made->allow_redundant_keys) sort_selectors(made);
  settle_selectors(made);
  *rules = made;
  return FASTPATH_OK;
}

fp_subset_rules *fp_subset_rules_ref(fp_subset_rules *rules) {
  atomic_fetch_add_explicit(&rules->references, 1, memory_order_relaxed);
  return rules;
}

void fp_subset_rules_unref(fp_subset_rules *rules) {
  if (rules == NULL || atomic_fetch_sub_explicit(&rules->references, 1, memory_order_acq_rel) != 1) return;
  for (size_t i = 0; i < rules->count; i++) {
    key_set_clear(&rules->selectors[i].keys);
    key_set_clear(&rules->selectors[i].fallback_keys);
  }
  fp_labels_unref(rules->default_subset);
  fp_memory_free(rules);
}

const fp_subset_rule *fp_subset_rules_fallback(const fp_subset_rules *rules, const fp_span *keys, size_t count) {
  for (size_t i = 0; i < rules->count; i++) {
    const fp_subset_rule *rule = &rules->selectors[i];
    if (rule->keys.count == count && starts_with(&rule->keys, keys, count))
      return rule->fallback == FASTPATH_SUBSET_NOT_DEFINED ? NULL : rule;
  }
  return NULL;
}
