#include "subsets.h"

#include <fastpath/hash.h>
#include <string.h>

#include "error.h"
#include "grow.h"
#include "host_set.h"
#include "memory.h"
#include "subset_rules.h"

/* Some labels, one of each key, in the order of the keys. */
typedef struct selection {
  const fp_label *labels[FASTPATH_SUBSET_MAX_KEYS];
  uint32_t count;
} selection;

/* A subset while its hosts are gathered. */
typedef struct gathering {
  fp_host_place *places;
  uint32_t count;
  uint32_t capacity;
  int single;
} gathering;

typedef struct builder {
  fp_subsets *made;
  uint32_t capacity;
  gathering *gatherings; /* by number of the subset; as many as there is capacity for */
  const fp_host_set *whole;
} builder;

static uint64_t hash_of(const selection *chosen) {
  uint64_t hash = 0;
  for (uint32_t i = 0; i < chosen->count; i++) {
    hash = fp_hash_xxh64(chosen->labels[i]->key.data, chosen->labels[i]->key.len, hash);
    hash = fp_hash_xxh64(chosen->labels[i]->value.data, chosen->labels[i]->value.len, hash);
  }
  return hash;
}

static int is_same(const fp_labels *labels, const selection *chosen) {
  if (labels->count != chosen->count) return 0;
  for (uint32_t i = 0; i < chosen->count; i++) {
    if (fp_span_compare(labels->items[i].key, chosen->labels[i]->key) != 0 ||
        fp_span_compare(labels->items[i].value, chosen->labels[i]->value) != 0)
      return 0;
  }
  return 1;
}

/* The slot that holds the subset's number, or the free one where it belongs. */
static uint32_t *slot_of(const fp_subsets *subsets, const selection *chosen, uint64_t hash) {
  for (uint32_t at = (uint32_t)hash;; at++) {
    uint32_t *slot = &subsets->slots[at & subsets->mask];
    if (*slot == 0) return slot;
    if (subsets->items[*slot - 1].hash == hash && is_same(subsets->items[*slot - 1].labels, chosen)) return slot;
  }
}

static uint32_t find(const fp_subsets *subsets, const selection *chosen) {
  const uint32_t found = subsets->slots == NULL ? 0 : *slot_of(subsets, chosen, hash_of(chosen));
  return found == 0 ? subsets->count : found - 1;
}

/* One label for each key of the request; 0 when it has more of them than any selector. */
static int select_all(const fp_labels *labels, selection *chosen) {
  chosen->count = 0;
  for (size_t i = 0; labels != NULL && i < labels->count; i++) {
    if (i > 0 && fp_span_compare(labels->items[i].key, labels->items[i - 1].key) == 0) continue;
    if (chosen->count == FASTPATH_SUBSET_MAX_KEYS) return 0;
    chosen->labels[chosen->count++] = &labels->items[i];
  }
  return 1;
}

/* The request's labels of these keys. Whether it has one for each. */
static int select_keys(const fp_labels *labels, const fp_key_set *keys, selection *chosen) {
  chosen->count = 0;
  for (size_t i = 0; i < keys->count; i++) {
    const size_t at = fp_labels_find(labels, keys->keys[i]);
    if (labels == NULL || at == labels->count) continue;
    chosen->labels[chosen->count++] = &labels->items[at];
  }
  return chosen->count == keys->count;
}

uint32_t fp_subsets_find(const fp_subsets *subsets, const fp_labels *labels) {
  selection chosen;
  return select_all(labels, &chosen) ? find(subsets, &chosen) : subsets->count;
}

/* ---- building ---- */

static fp_status grow_slots(fp_subsets *made) {
  const uint32_t size = made->slots == NULL ? 16 : 2 * (made->mask + 1);
  uint32_t *slots = fp_memory_alloc(size * sizeof *slots);
  if (slots == NULL) return FASTPATH_ERR_MEMORY;
  memset(slots, 0, size * sizeof *slots);
  for (uint32_t i = 0; i < made->count; i++) {
    uint32_t at = (uint32_t)made->items[i].hash;
    while (slots[at & (size - 1)] != 0) at++;
    slots[at & (size - 1)] = i + 1;
  }
  fp_memory_free(made->slots);
  made->slots = slots;
  made->mask = size - 1;
  return FASTPATH_OK;
}

static fp_status grow_items(builder *self) {
  uint32_t capacity = self->capacity, same = self->capacity;
  if (!fp_grow(self->made->items, &capacity, self->made->count)) return FASTPATH_ERR_MEMORY;
  if (!fp_grow(self->gatherings, &same, self->made->count)) return FASTPATH_ERR_MEMORY;
  self->capacity = capacity;
  return FASTPATH_OK;
}

static fp_labels *copy_labels(const selection *chosen) {
  fp_label labels[FASTPATH_SUBSET_MAX_KEYS];
  for (uint32_t i = 0; i < chosen->count; i++) labels[i] = *chosen->labels[i];
  return fp_labels_new(labels, chosen->count);
}

/* The number of the chosen subset, which is made if there is none yet. */
static fp_status find_or_add(builder *self, const selection *chosen, int single, uint32_t *number) {
  fp_subsets *made = self->made;
  fp_status status = FASTPATH_OK;
  fp_labels *labels;
  if (made->slots == NULL || made->count >= made->mask / 2) status = grow_slots(made);
  if (status < 0) return status;
  *number = find(made, chosen);
  if (*number < made->count) return FASTPATH_OK;
  status = grow_items(self);
  if (status < 0) return status;
  labels = copy_labels(chosen);
  if (labels == NULL) return FASTPATH_ERR_MEMORY;
  made->items[made->count] = (fp_subset){labels, hash_of(chosen), NULL};
  self->gatherings[made->count] = (gathering){.single = single};
  *slot_of(made, chosen, hash_of(chosen)) = made->count + 1;
  made->count++;
  return FASTPATH_OK;
}

static fp_status gather(builder *self, const selection *chosen, int single, fp_host_place place) {
  gathering *at;
  uint32_t number = 0;
  const fp_status status = find_or_add(self, chosen, single, &number);
  if (status < 0) return status;
  at = &self->gatherings[number];
  if (at->count > 0) {
    const fp_host_place last = at->places[at->count - 1];
    if (at->single || (last.priority == place.priority && last.entry == place.entry)) return FASTPATH_OK;
  }
  if (!fp_grow(at->places, &at->capacity, at->count)) return FASTPATH_ERR_MEMORY;
  at->places[at->count++] = place;
  return FASTPATH_OK;
}

/* The host into each subset that it belongs to by this selector: with several values of a key, that is each of them with
   each of the other keys' values. `places`: of the label chosen for each key. */
static fp_status gather_by(builder *self, const fp_subset_rule *rule, const fp_host_entry *entry, fp_host_place place,
                           fp_error *error) {
  const fp_labels *labels = entry->labels;
  size_t places[FASTPATH_SUBSET_MAX_KEYS];
  selection chosen;
  uint32_t left = FASTPATH_SUBSET_MAX_MEMBERSHIPS;
  if (!select_keys(labels, &rule->keys, &chosen)) return FASTPATH_OK;
  for (uint32_t i = 0; i < chosen.count; i++) places[i] = (size_t)(chosen.labels[i] - labels->items);
  for (;; left--) {
    uint32_t key = chosen.count;
    fp_status status;
    if (left == 0)
      return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, entry->endpoint,
                          "the host is in more than %d subsets of a selector", FASTPATH_SUBSET_MAX_MEMBERSHIPS);
    for (uint32_t i = 0; i < chosen.count; i++) chosen.labels[i] = &labels->items[places[i]];
    status = gather(self, &chosen, (int)rule->single_host, place);
    if (status < 0) return status;
    for (; key > 0; key--) { /* the next value of the last key that has one; those behind it start over */
      const size_t next = ++places[key - 1];
      if (next < labels->count && fp_span_compare(labels->items[next].key, rule->keys.keys[key - 1]) == 0) break;
      places[key - 1] = fp_labels_find(labels, rule->keys.keys[key - 1]);
    }
    if (key == 0) return FASTPATH_OK;
  }
}

static fp_status gather_all(builder *self, fp_error *error) {
  const fp_subset_rules *rules = self->made->rules;
  for (uint32_t i = 0; i < self->whole->priority_count; i++) {
    const fp_priority_hosts *priority = self->whole->priorities[i];
    for (uint32_t j = 0; j < priority->count; j++) {
      for (size_t k = 0; priority->entries[j].labels != NULL && k < rules->count; k++) {
        const fp_host_place place = {i, j};
        const fp_status status = gather_by(self, &rules->selectors[k], &priority->entries[j], place, error);
        if (status < 0) return status;
      }
    }
  }
  return FASTPATH_OK;
}

static fp_status make_items(builder *self, const fp_cluster_config *config, const fp_subsets *previous,
                            fp_error *error) {
  fp_status status = FASTPATH_OK;
  for (uint32_t i = 0; status >= 0 && i < self->made->count; i++) {
    const gathering *at = &self->gatherings[i];
    const uint32_t old = previous == NULL ? 0 : fp_subsets_find(previous, self->made->items[i].labels);
    const fp_host_set *before = previous == NULL || old == previous->count ? NULL : previous->items[old].set;
    status = fp_host_set_new_part(self->whole, config, at->places, at->count, at->single, before,
                                  &self->made->items[i].set, error);
  }
  return status;
}

static fp_status make_fallback(fp_subsets *made, const fp_host_set *whole, const fp_cluster_config *config,
                               const fp_subsets *previous, fp_error *error) {
  const fp_host_set *before = previous == NULL ? NULL : previous->fallback;
  fp_host_place *places;
  uint32_t count = 0;
  fp_status status;
  if (made->rules->default_subset == NULL) return FASTPATH_OK;
  places = fp_memory_alloc((whole->count == 0 ? 1 : (size_t)whole->count) * sizeof *places);
  if (places == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0; i < whole->priority_count; i++) {
    const fp_priority_hosts *priority = whole->priorities[i];
    for (uint32_t j = 0; j < priority->count; j++)
      if (fp_labels_include(priority->entries[j].labels, made->rules->default_subset))
        places[count++] = (fp_host_place){i, j};
  }
  status = fp_host_set_new_part(whole, config, places, count, 0, before, &made->fallback, error);
  fp_memory_free(places);
  return status;
}

fp_status fp_subsets_new(const fp_host_set *whole, const fp_cluster_config *config, const fp_subsets *previous,
                         fp_subsets **subsets, fp_error *error) {
  builder self = {.made = fp_memory_alloc(sizeof *self.made), .whole = whole};
  fp_status status;
  if (self.made == NULL) return FASTPATH_ERR_MEMORY;
  memset(self.made, 0, sizeof *self.made);
  self.made->rules = fp_subset_rules_ref(config->subset_rules);
  status = gather_all(&self, error);
  if (status >= 0) status = make_items(&self, config, previous, error);
  if (status >= 0) status = make_fallback(self.made, whole, config, previous, error);
  for (uint32_t i = 0; i < self.made->count; i++) fp_memory_free(self.gatherings[i].places);
  fp_memory_free(self.gatherings);
  if (status < 0) {
    fp_subsets_free(self.made);
    return status;
  }
  *subsets = self.made;
  return FASTPATH_OK;
}

void fp_subsets_free(fp_subsets *subsets) {
  if (subsets == NULL) return;
  for (uint32_t i = 0; i < subsets->count; i++) {
    fp_labels_unref(subsets->items[i].labels);
    fp_host_set_unref(subsets->items[i].set);
  }
  fp_host_set_unref(subsets->fallback);
  fp_subset_rules_unref(subsets->rules);
  fp_memory_free(subsets->items);
  fp_memory_free(subsets->slots);
  fp_memory_free(subsets);
}

/* ---- choosing ---- */

/* Keep the labels of these keys. */
static void keep_keys(selection *chosen, const fp_key_set *keys) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < chosen->count; i++) {
    for (size_t j = 0; j < keys->count; j++)
      if (fp_span_compare(chosen->labels[i]->key, keys->keys[j]) == 0) chosen->labels[kept++] = chosen->labels[i];
  }
  chosen->count = kept;
}

/* Of redundant keys, those of the first selector that has no others. */
static void drop_redundant(selection *chosen, const fp_subset_rules *rules) {
  for (size_t i = 0; i < rules->count; i++) {
    selection kept = *chosen;
    keep_keys(&kept, &rules->selectors[i].keys);
    if (kept.count < rules->selectors[i].keys.count) continue;
    *chosen = kept;
    return;
  }
}

static const fp_subset_rule *rule_of(const fp_subset_rules *rules, const selection *chosen) {
  fp_span keys[FASTPATH_SUBSET_MAX_KEYS];
  for (uint32_t i = 0; i < chosen->count; i++) keys[i] = chosen->labels[i]->key;
  return fp_subset_rules_fallback(rules, keys, chosen->count);
}

static fp_subset_choice fall_back(fp_subset_fallback fallback, int then_any) {
  if (fallback == FASTPATH_SUBSET_ANY_ENDPOINT) return (fp_subset_choice){FP_SUBSET_ANY, 0, 0};
  if (fallback == FASTPATH_SUBSET_DEFAULT_SUBSET) return (fp_subset_choice){FP_SUBSET_DEFAULT, 0, then_any};
  return (fp_subset_choice){FP_SUBSET_NONE, 0, 0};
}

fp_subset_choice fp_subsets_choose(const fp_subsets *subsets, const fp_labels *metadata_match) {
  const fp_subset_rules *rules = subsets->rules;
  selection chosen;
  int known = select_all(metadata_match, &chosen);
  while (known && chosen.count > 0) {
    const fp_subset_rule *rule;
    uint32_t item;
    if (rules->allow_redundant_keys) drop_redundant(&chosen, rules);
    item = find(subsets, &chosen);
    if (item < subsets->count) return (fp_subset_choice){FP_SUBSET_ITEM, item, 0};
    rule = rule_of(rules, &chosen);
    if (rule == NULL) break;
    if (rule->fallback != FASTPATH_SUBSET_KEYS_SUBSET) return fall_back(rule->fallback, 0);
    keep_keys(&chosen, &rule->fallback_keys);
  }
  return fall_back(rules->fallback, (int)rules->panic_mode_any);
}
