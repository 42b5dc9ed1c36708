/* host_match.c - hosts of one group in another, by an open-addressing hash table of their addresses in memory. */
#include <string.h>

#include "bits.h"
#include "host_match.h"
#include "memory.h"

typedef struct place_table {
  uint32_t *slots; /* places; NOWHERE: free */
  size_t mask;
} place_table;

static uint32_t *slot_of(const place_table *table, const fp_host_group *group, const fp_host *host) {
  size_t at = (size_t)(mix_word(0, (uintptr_t)host) >> 32) & table->mask;
  while (table->slots[at] != FP_HOST_NOWHERE && group->hosts[table->slots[at]] != host) at = (at + 1) & table->mask;
  return &table->slots[at];
}

static fp_status place_table_init(place_table *table, const fp_host_group *group) {
  size_t size = 4;
  while (size / 2 < group->count) size *= 2;
  table->slots = fp_memory_alloc(size * sizeof *table->slots);
  if (table->slots == NULL) return FASTPATH_ERR_MEMORY;
  table->mask = size - 1;
  memset(table->slots, 0xFF, size * sizeof *table->slots);
  for (uint32_t i = 0; i < group->count; i++) *slot_of(table, group, group->hosts[i]) = i;
  return FASTPATH_OK;
}

fp_status fp_host_match_init(fp_host_match *match, const fp_host_group *before, const fp_host_group *now) {
  uint32_t last = 0;
  place_table table;
  *match = (fp_host_match){.in_order = 1};
  match->now = fp_memory_alloc(((size_t)before->count + now->count) * sizeof *match->now);
  if (match->now == NULL) return FASTPATH_ERR_MEMORY;
  match->before = match->now + before->count;
  if (place_table_init(&table, now) < 0) {
    fp_host_match_clear(match);
    return FASTPATH_ERR_MEMORY;
  }
  memset(match->before, 0xFF, now->count * sizeof *match->before);
  for (uint32_t i = 0; i < before->count; i++) {
    const uint32_t place = *slot_of(&table, now, before->hosts[i]);
    match->now[i] = place;
    if (place == FP_HOST_NOWHERE) continue;
    match->before[place] = i;
    if (place < last) match->in_order = 0;
    last = place;
  }
  fp_memory_free(table.slots);
  return FASTPATH_OK;
}

void fp_host_match_clear(fp_host_match *match) { fp_memory_free(match->now); }
