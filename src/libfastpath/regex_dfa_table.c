#include <string.h>

#include "bits.h"
#include "grow.h"
#include "regex_dfa_states.h"
#include "sort.h"

/* States by their sets of instructions, and lists of ids by what is in them: each is there once. */

static size_t bytes_used(const fp_regex_states *states) {
  return (size_t)states->state_count * sizeof *states->states + (size_t)states->set_count * sizeof *states->sets +
         (size_t)states->edge_count * sizeof *states->edges + (size_t)states->accept_count * sizeof *states->accepts;
}

static int compare_numbers(const void *a, const void *b, const void *context) {
  const uint32_t *left = a, *right = b;
  (void)context;
  return *left < *right ? -1 : *left > *right;
}

static void sort(uint32_t *items, uint32_t count) {
  if (count > 16) {
    fp_sort(items, count, sizeof *items, compare_numbers, NULL);
    return;
  }
  for (uint32_t i = 1; i < count; i++) {
    uint32_t moved = items[i], at = i;
    for (; at > 0 && items[at - 1] > moved; at--) items[at] = items[at - 1];
    items[at] = moved;
  }
}

static uint32_t hash_of(const uint32_t *items, uint32_t count, uint32_t seed) {
  uint64_t hash = seed ^ (uint64_t)count << 32;
  for (uint32_t i = 0; i < count; i++) {
    hash = mix_word(hash, items[i]);
  }
  return (uint32_t)(hash ^ hash >> 32);
}

/* Room for one more number; `hash` gives that of a number which is in. */
static bool index_grow(fp_regex_index *index, const fp_regex_states *states,
                       uint32_t (*hash)(const fp_regex_states *states, uint32_t number)) {
  if (index->slots != NULL && index->used < index->mask / 2) return true;
  uint32_t mask = index->slots == NULL ? 15 : index->mask * 2 + 1;
  uint32_t *slots = fp_memory_alloc(((size_t)mask + 1) * sizeof *slots);
  if (slots == NULL) return false;
  memset(slots, 0xff, ((size_t)mask + 1) * sizeof *slots);
  for (uint32_t i = 0; index->slots != NULL && i <= index->mask; i++) {
    if (index->slots[i] == UINT32_MAX) continue;
    uint32_t at = hash(states, index->slots[i]) & mask;
    while (slots[at] != UINT32_MAX) at = (at + 1) & mask;
    slots[at] = index->slots[i];
  }
  fp_memory_free(index->slots);
  index->slots = slots;
  index->mask = mask;
  return true;
}

static uint32_t state_hash(const fp_regex_states *states, uint32_t number) {
  const fp_regex_state *state = &states->states[number];
  return hash_of(states->sets + state->set, state->set_count, state->context);
}

static uint32_t accept_hash(const fp_regex_states *states, uint32_t number) {
  return hash_of(states->accepts + number + 1, states->accepts[number], 0);
}

fp_status fp_regex_states_accept(fp_regex_states *states, uint32_t *ids, uint32_t count, uint32_t *list) {
  sort(ids, count);
  *list = 0;
  if (count == 0) return FASTPATH_OK;
  if (!index_grow(&states->by_accept, states, accept_hash)) return FASTPATH_ERR_MEMORY;
  uint32_t at = hash_of(ids, count, 0) & states->by_accept.mask;
  for (; states->by_accept.slots[at] != UINT32_MAX; at = (at + 1) & states->by_accept.mask) {
    const uint32_t *known = states->accepts + states->by_accept.slots[at];
    if (known[0] == count && memcmp(known + 1, ids, count * sizeof *ids) == 0) {
      *list = states->by_accept.slots[at];
      return FASTPATH_OK;
    }
  }
  if (!fp_grow_to(&states->accepts, &states->accept_capacity, (size_t)states->accept_count + count + 1,
                  sizeof *states->accepts))
    return FASTPATH_ERR_MEMORY;
  *list = states->by_accept.slots[at] = states->accept_count;
  states->by_accept.used++;
  states->accepts[states->accept_count++] = count;
  memcpy(states->accepts + states->accept_count, ids, count * sizeof *ids);
  states->accept_count += count;
  return FASTPATH_OK;
}

fp_status fp_regex_states_add(fp_regex_states *states, uint32_t *set, uint32_t count, uint32_t context,
                              uint32_t *number) {
  const fp_regex_inst *insts = states->program.insts;
  bool asks = false;
  for (uint32_t i = 0; i < count && !asks; i++) asks = insts[set[i]].op == REGEX_INST_ASSERT;
  if (!asks) context = 0;
  sort(set, count);
  if (!index_grow(&states->by_set, states, state_hash)) return FASTPATH_ERR_MEMORY;
  uint32_t at = hash_of(set, count, context) & states->by_set.mask;
  for (; states->by_set.slots[at] != UINT32_MAX; at = (at + 1) & states->by_set.mask) {
    const fp_regex_state *known = &states->states[states->by_set.slots[at]];
    if (known->set_count == count && known->context == context &&
        memcmp(states->sets + known->set, set, count * sizeof *set) == 0) {
      *number = states->by_set.slots[at];
      return FASTPATH_OK;
    }
  }
  if (states->state_count >= states->limits->max_states || bytes_used(states) > states->limits->max_bytes)
    return FASTPATH_NONE;
  if (!fp_grow(states->states, &states->state_capacity, states->state_count) ||
      !fp_grow_to(&states->sets, &states->set_capacity, (size_t)states->set_count + count, sizeof *states->sets))
    return FASTPATH_ERR_MEMORY;
  if (count > 0) memcpy(states->sets + states->set_count, set, count * sizeof *set);
  states->states[states->state_count] =
      (fp_regex_state){.set = states->set_count, .set_count = count, .context = context};
  states->set_count += count;
  *number = states->by_set.slots[at] = states->state_count++;
  states->by_set.used++;
  return FASTPATH_OK;
}

void fp_regex_states_clear(fp_regex_states *states) {
  fp_regex_program_clear(&states->program);
  fp_memory_free(states->states);
  fp_memory_free(states->sets);
  fp_memory_free(states->edges);
  fp_memory_free(states->accepts);
  fp_memory_free(states->by_set.slots);
  fp_memory_free(states->by_accept.slots);
  *states = (fp_regex_states){.states = NULL};
}
