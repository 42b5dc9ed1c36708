#include "edf.h"

#include <string.h>

#include "memory.h"

/* Envoy bounds the picks it makes ahead, and nudges weights while it does, so that multiples of one another do not tie
   in one computation and differ in the other. */
#define MAX_PICKS_AHEAD 429496729u
#define WEIGHT_NUDGE 1e-13

typedef struct edf_class {
  double weight;
  double interval; /* 1 / weight */
  uint32_t start;  /* its ring: slots[start .. end - 1] */
  uint32_t end;
} edf_class;

struct fp_edf_table {
  uint32_t count;
  uint32_t class_count;
  double nudged_sum; /* of all weights, added up in configured order */
  edf_class *classes;
  uint32_t *entries; /* slot -> entry: classes one after the other, configured order within */
};

/* What decides who is first: deadline, then order. Deadlines are positive, so their bits compare as they do. */
typedef struct edf_key {
  uint64_t deadline;
  uint64_t order;
} edf_key;

/* The entry of a class that is due first. */
typedef struct edf_front {
  edf_key key;
  uint32_t slot;
} edf_front;

#define NOBODY UINT32_MAX

struct fp_edf {
  const fp_edf_table *table;
  uint64_t next_order;
  uint32_t winner;  /* class */
  uint32_t leaves;  /* a power of two, at least the number of classes; class i enters at leaves + i */
  uint32_t *losers; /* [1 .. leaves - 1]: classes; the children of n are 2n and 2n + 1 */
  edf_front *fronts; /* [0 .. leaves - 1]: of the classes, and of the missing ones, which never win */
  edf_key slots[];
};

/* Entries by weight, stable: least significant byte first. `entries` and `scratch` hold count each. */
static void sort_by_weight(const uint32_t *weights, uint32_t count, uint32_t *entries, uint32_t *scratch) {
  uint32_t *from = entries, *to = scratch;
  for (uint32_t i = 0; i < count; i++) entries[i] = i;
  for (unsigned shift = 0; shift < 32; shift += 8) { /* four passes: the result ends up in entries */
    uint32_t starts[257] = {0};
    uint32_t *swap = from;
    for (uint32_t i = 0; i < count; i++) starts[(weights[i] >> shift & 255) + 1]++;
    for (unsigned i = 0; i < 256; i++) starts[i + 1] += starts[i];
    for (uint32_t i = 0; i < count; i++) to[starts[weights[from[i]] >> shift & 255]++] = from[i];
    from = to;
    to = swap;
  }
}

fp_edf_table *fp_edf_table_new(const uint32_t *weights, uint32_t count) {
  fp_edf_table *table = fp_memory_alloc(sizeof *table);
  uint32_t *scratch = fp_memory_alloc(count * sizeof *scratch);
  uint32_t *entries = fp_memory_alloc(count * sizeof *entries);
  edf_class *classes = NULL;
  uint32_t class_count = 1;
  if (table == NULL || scratch == NULL || entries == NULL) goto out_of_memory;
  sort_by_weight(weights, count, entries, scratch);
  for (uint32_t i = 1; i < count; i++) class_count += weights[entries[i]] != weights[entries[i - 1]];
  classes = fp_memory_alloc(class_count * sizeof *classes);
  if (classes == NULL) goto out_of_memory;
  class_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (i == 0 || weights[entries[i]] != weights[entries[i - 1]]) {
      const double weight = (double)weights[entries[i]];
      classes[class_count++] = (edf_class){weight, 1.0 / weight, i, i};
    }
    classes[class_count - 1].end++;
  }
  table->count = count;
  table->class_count = class_count;
  table->nudged_sum = 0.0;
  for (uint32_t i = 0; i < count; i++) table->nudged_sum += (double)weights[i] + WEIGHT_NUDGE;
  table->classes = classes;
  table->entries = entries;
  fp_memory_free(scratch);
  return table;
out_of_memory:
  fp_memory_free(table);
  fp_memory_free(scratch);
  fp_memory_free(entries);
  return NULL;
}

void fp_edf_table_free(fp_edf_table *table) {
  if (table == NULL) return;
  fp_memory_free(table->classes);
  fp_memory_free(table->entries);
  fp_memory_free(table);
}

static inline double as_double(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint64_t as_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline int is_before(edf_key a, edf_key b) {
#if defined(__SIZEOF_INT128__) /* without a branch: which one is first cannot be predicted */
  return ((unsigned __int128)a.deadline << 64 | a.order) < ((unsigned __int128)b.deadline << 64 | b.order);
#else
  return a.deadline < b.deadline || (a.deadline == b.deadline && a.order < b.order);
#endif
}

/* The class plays its way up from its leaf. */
static inline void play(fp_edf *edf, uint32_t winner) {
  edf_key key = edf->fronts[winner].key;
  for (uint32_t at = (edf->leaves + winner) / 2; at > 0; at /= 2) {
    const uint32_t other = edf->losers[at];
    const edf_key other_key = edf->fronts[other].key;
    const uint64_t lost = (uint64_t)0 - (uint64_t)is_before(other_key, key); /* all ones, or 0 */
    const uint32_t swapped = (winner ^ other) & (uint32_t)lost;
    edf->losers[at] = other ^ swapped;
    winner ^= swapped;
    key.deadline ^= (key.deadline ^ other_key.deadline) & lost;
    key.order ^= (key.order ^ other_key.order) & lost;
  }
  edf->winner = winner;
}

uint32_t fp_edf_pick(fp_edf *edf) {
  const fp_edf_table *table = edf->table;
  const uint32_t winner = edf->winner;
  const edf_class *class = &table->classes[winner];
  edf_front *front = &edf->fronts[winner];
  const uint32_t slot = front->slot;
  edf->slots[slot].deadline = as_bits(as_double(front->key.deadline) + class->interval);
  edf->slots[slot].order = edf->next_order++;
  front->slot = slot + 1 == class->end ? class->start : slot + 1;
  front->key = edf->slots[front->slot];
  play(edf, winner);
  return table->entries[slot];
}

/* Classes wait at the first match that has nobody yet, or play on; the last one to enter leaves a winner. */
static void start_tournament(fp_edf *edf) {
  const fp_edf_table *table = edf->table;
  for (uint32_t at = 0; at < edf->leaves; at++) edf->losers[at] = NOBODY;
  for (uint32_t i = 0; i < edf->leaves; i++) {
    uint32_t winner = i, at = (edf->leaves + i) / 2;
    edf->fronts[i] = (edf_front){{UINT64_MAX, UINT64_MAX}, 0};
    if (i < table->class_count)
      edf->fronts[i] = (edf_front){edf->slots[table->classes[i].start], table->classes[i].start};
    for (; at > 0 && edf->losers[at] != NOBODY; at /= 2) {
      const uint32_t other = edf->losers[at];
      if (!is_before(edf->fronts[other].key, edf->fronts[winner].key)) continue;
      edf->losers[at] = winner;
      winner = other;
    }
    if (at > 0) edf->losers[at] = winner;
    edf->winner = winner;
  }
}

/* The state after `picks` picks from a fresh start, reached by giving each entry its certain share at once. */
static void pick_ahead(fp_edf *edf, uint32_t picks) {
  const fp_edf_table *table = edf->table;
  uint32_t done = 0;
  for (uint32_t i = 0; i < table->class_count; i++) {
    const edf_class *class = &table->classes[i];
    const double weight = class->weight + WEIGHT_NUDGE;
    uint32_t share = (uint32_t)(weight * picks / table->nudged_sum);
    double deadline;
    if (share > 0 && share / weight >= picks / table->nudged_sum) share--;
    deadline = (share + 1) / weight;
    for (uint32_t slot = class->start; slot < class->end; slot++)
      edf->slots[slot] = (edf_key){as_bits(deadline), table->entries[slot]};
    done += share * (class->end - class->start);
  }
  start_tournament(edf);
  edf->next_order = table->count;
  for (; done < picks; done++) (void)fp_edf_pick(edf);
}

fp_edf *fp_edf_new(const fp_edf_table *table, uint64_t seed) {
  fp_edf *edf = fp_memory_alloc(sizeof *edf + table->count * sizeof edf->slots[0]);
  if (edf == NULL) return NULL;
  edf->table = table;
  for (edf->leaves = 1; edf->leaves < table->class_count;) edf->leaves *= 2;
  edf->losers = fp_memory_alloc(edf->leaves * sizeof edf->losers[0]);
  edf->fronts = fp_memory_alloc(edf->leaves * sizeof edf->fronts[0]);
  if (edf->losers == NULL || edf->fronts == NULL) {
    fp_edf_free(edf);
    return NULL;
  }
  pick_ahead(edf, (uint32_t)seed % MAX_PICKS_AHEAD);
  return edf;
}

void fp_edf_free(fp_edf *edf) {
  if (edf == NULL) return;
  fp_memory_free(edf->losers);
  fp_memory_free(edf->fronts);
  fp_memory_free(edf);
}
