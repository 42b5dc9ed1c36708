#include <string.h>

#include "error.h"
#include "grow.h"
#include "regex.h"
#include "sort.h"

/*
 * A set is a list of groups; a text goes once through each. A group is a DFA for many regexes, or a single regex:
 *
 *   regexes in order of their prefixes, those that may begin with anything last
 *     as one DFA? -> two halves? -> ... -> single ones
 *
 * A DFA of many may not take more memory than so much for each instruction, so that what is tried in vain costs no
 * more than what is kept, and regexes that multiply each other's states end up in different groups.
 */

#define BYTES_PER_INST 96 /* where regexes do not multiply each other, 35 to 60 are needed */
#define SMALL_BYTES ((size_t)1 << 16) /* a DFA of this size is welcome whatever it holds */

typedef struct set_group {
  fp_regex_dfa *dfa; /* NULL: the regex `lowest` alone */
  uint32_t lowest, highest; /* ids */
} set_group;

struct fp_regex_set {
  _Atomic size_t references;
  fp_regex **regexes;
  set_group *groups; /* ascending by their lowest id */
  size_t count;
  uint32_t group_count, group_capacity;
};

typedef struct set_builder {
  fp_regex_set *set;
  const fp_regex_limits *limits;
  uint32_t *order; /* ids, in the order in which they are grouped */
  const fp_regex_program **programs;
  size_t bytes; /* of the DFAs made so far */
} set_builder;

/* ---- grouping */

/* Ids of a set by the literal prefixes of their regexes, those without one last. */
static int compare_prefixes(const void *a, const void *b, const void *context) {
  const fp_regex_set *set = context;
  const uint32_t *left_id = a, *right_id = b;
  fp_span left = fp_regex_literal_prefix(set->regexes[*left_id]);
  fp_span right = fp_regex_literal_prefix(set->regexes[*right_id]);
  size_t shared = left.len < right.len ? left.len : right.len;
  int order = shared == 0 ? 0 : memcmp(left.data, right.data, shared);
  if ((left.len == 0) != (right.len == 0)) return left.len == 0 ? 1 : -1;
  if (order != 0) return order;
  if (left.len != right.len) return left.len < right.len ? -1 : 1;
  return *left_id < *right_id ? -1 : *left_id > *right_id;
}

static int compare_groups(const void *a, const void *b, const void *context) {
  const set_group *left = a, *right = b;
  (void)context;
  return left->lowest < right->lowest ? -1 : left->lowest > right->lowest;
}

static bool add_group(fp_regex_set *set, set_group group) {
  if (!fp_grow(set->groups, &set->group_capacity, set->group_count)) return false;
  set->groups[set->group_count++] = group;
  return true;
}

/* The regexes order[from .. from + count) go to builder->programs; the instructions that they have. */
static size_t choose(set_builder *builder, size_t from, size_t count, set_group *group) {
  size_t insts = 0;
  group->lowest = group->highest = builder->order[from];
  for (size_t i = 0; i < count; i++) {
    uint32_t id = builder->order[from + i];
    builder->programs[i] = &builder->set->regexes[id]->program;
    insts += builder->programs[i]->inst_count;
    if (id < group->lowest) group->lowest = id;
    if (id > group->highest) group->highest = id;
  }
  return insts;
}

/* OK when one DFA holds them all, NONE when it would be too large. */
static fp_status group_as_one(set_builder *builder, size_t from, size_t count) {
  fp_regex_set *set = builder->set;
  set_group group = {.dfa = NULL};
  size_t insts = choose(builder, from, count, &group);
  size_t bytes = insts * BYTES_PER_INST > SMALL_BYTES ? insts * BYTES_PER_INST : SMALL_BYTES;
  size_t left = builder->limits->max_set_bytes - builder->bytes;
  const fp_regex_dfa_limits limits = {.max_states = UINT32_MAX, .max_bytes = bytes < left ? bytes : left};
  fp_status status = fp_regex_dfa_new(builder->programs, builder->order + from, count, &limits, &group.dfa);
  if (status != FASTPATH_OK) return status;
  if (!add_group(set, group)) {
    fp_regex_dfa_free(group.dfa);
    return FASTPATH_ERR_MEMORY;
  }
  builder->bytes += fp_regex_dfa_size(group.dfa);
  return FASTPATH_OK;
}

/* Halves have about the same number of regexes, so that this goes no deeper than a logarithm. */
static fp_status make_groups(set_builder *builder, size_t from, size_t count) {
  if (count == 0) return FASTPATH_OK;
  uint32_t first = builder->order[from];
  if (count == 1) return add_group(builder->set, (set_group){NULL, first, first}) ? FASTPATH_OK : FASTPATH_ERR_MEMORY;
  fp_status status = group_as_one(builder, from, count);
  if (status != FASTPATH_NONE) return status;
  status = make_groups(builder, from, count / 2);
  return status < 0 ? status : make_groups(builder, from + count / 2, count - count / 2);
}

static fp_status build(fp_regex_set *set, const fp_regex_limits *limits) {
  size_t count = set->count, anchored = 0;
  set_builder builder = {.set = set, .limits = limits};
  if (count == 0) return FASTPATH_OK;
  builder.programs = fp_memory_alloc(count * (sizeof *builder.programs + sizeof *builder.order));
  if (builder.programs == NULL) return FASTPATH_ERR_MEMORY;
  builder.order = (uint32_t *)(builder.programs + count);
  for (size_t i = 0; i < count; i++) builder.order[i] = (uint32_t)i;
  fp_sort(builder.order, count, sizeof *builder.order, compare_prefixes, set);
  while (anchored < count && fp_regex_literal_prefix(set->regexes[builder.order[anchored]]).len > 0) anchored++;
  fp_status status = make_groups(&builder, 0, anchored);
  if (status >= 0) status = make_groups(&builder, anchored, count - anchored);
  fp_sort(set->groups, set->group_count, sizeof *set->groups, compare_groups, NULL);
  fp_memory_free(builder.programs);
  return status;
}

/* ---- the set */

fp_status fp_regex_set_new(fp_regex *const *regexes, size_t count, const fp_regex_limits *limits, fp_regex_set **set,
                           fp_error *error) {
  fp_regex_limits defaults;
  if (limits == NULL) {
    fp_regex_limits_default(&defaults);
    limits = &defaults;
  }
  if (count >= FASTPATH_REGEX_ID_END)
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, SIZE_MAX, "more regular expressions than there are ids");
  for (size_t i = 0; i < count; i++) {
    if (regexes[i] == NULL)
      return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, i, "there is no regular expression %zu", i);
  }
  fp_regex_set *made = fp_memory_alloc(sizeof *made);
  fp_status status = FASTPATH_ERR_MEMORY;
  if (made != NULL) {
    *made = (fp_regex_set){.references = 1};
    made->regexes = fp_memory_alloc((count + 1) * sizeof *made->regexes);
    if (made->regexes != NULL) {
      for (size_t i = 0; i < count; i++) made->regexes[i] = fp_regex_ref(regexes[i]);
      made->count = count;
      status = build(made, limits);
    }
  }
  if (status < 0) {
    fp_regex_set_unref(made);
    return fp_error_set(error, status, 0, SIZE_MAX, "out of memory");
  }
  *set = made;
  return FASTPATH_OK;
}

fp_regex_set *fp_regex_set_ref(fp_regex_set *set) {
  atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
  return set;
}

void fp_regex_set_unref(fp_regex_set *set) {
  if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1) return;
  for (uint32_t i = 0; i < set->group_count; i++) fp_regex_dfa_free(set->groups[i].dfa);
  for (size_t i = 0; i < set->count; i++) fp_regex_unref(set->regexes[i]);
  fp_memory_free(set->groups);
  fp_memory_free(set->regexes);
  fp_memory_free(set);
}

size_t fp_regex_set_count(const fp_regex_set *set) { return set->count; }

size_t fp_regex_set_size(const fp_regex_set *set) {
  size_t size = sizeof *set + (set->count + 1) * sizeof *set->regexes + set->group_capacity * sizeof *set->groups;
  for (uint32_t i = 0; i < set->group_count; i++) {
    if (set->groups[i].dfa != NULL) size += fp_regex_dfa_size(set->groups[i].dfa);
  }
  return size;
}

/* ---- matching */

typedef struct set_answer {
  uint32_t *ids; /* ascending */
  size_t capacity, count;
  uint32_t from, below; /* what is still wanted; `below` falls to the highest id when ids are full */
} set_answer;

static void put(set_answer *answer, uint32_t id) {
  size_t at = answer->count;
  if (id < answer->from || id >= answer->below) return;
  if (answer->count == answer->capacity) {
    at--;
  } else {
    answer->count++;
  }
  for (; at > 0 && answer->ids[at - 1] > id; at--) answer->ids[at] = answer->ids[at - 1];
  answer->ids[at] = id;
  if (answer->count == answer->capacity) answer->below = answer->ids[answer->count - 1];
}

fp_status fp_regex_set_match(const fp_regex_set *set, const uint8_t *text, size_t len, uint32_t from, uint32_t below,
                             uint32_t *ids, size_t capacity, size_t *count) {
  set_answer answer = {.ids = ids, .capacity = capacity, .from = from, .below = capacity > 0 ? below : 0};
  for (uint32_t i = 0; i < set->group_count; i++) {
    const set_group *group = &set->groups[i];
    if (group->lowest >= answer.below) break;
    if (group->highest < from) continue;
    if (group->dfa == NULL) {
      fp_status status = fp_regex_full_match(set->regexes[group->lowest], text, len);
      if (status < 0) return status;
      if (status == FASTPATH_OK) put(&answer, group->lowest);
      continue;
    }
    const uint32_t *list = group->dfa->accepts + fp_regex_dfa_match(group->dfa, text, len);
    for (uint32_t j = 1; j <= list[0] && list[j] < answer.below; j++) put(&answer, list[j]);
  }
  *count = answer.count;
  return answer.count > 0 ? FASTPATH_OK : FASTPATH_NONE;
}
