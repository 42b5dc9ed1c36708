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

#define NOBODY UINT32_MAX

/* What is due first has the least (deadline, order). Deadlines are positive, so their bits compare as they do. */
struct fp_edf {
  const fp_edf_table *table;
  uint64_t next_order;
  uint64_t *deadlines; /* by slot */
  uint64_t *orders;
  uint32_t winner; /* class */
  uint32_t leaves; /* a power of two, at least the number of classes; class i enters at leaves + i */
  /* By class, [0 .. leaves - 1]: the slot that is due first, and a copy of its key. Missing classes never win. */
  uint32_t *fronts;
  uint64_t *front_deadlines;
  uint64_t *front_orders;
  uint32_t *losers; /* [1 .. leaves - 1]: classes; the children of n are 2n and 2n + 1 */
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

static inline int is_before(uint64_t deadline, uint64_t order, uint64_t other_deadline, uint64_t other_order) {
#if defined(__SIZEOF_INT128__) /* without a branch: which one is first cannot be predicted */
  return ((unsigned __int128)deadline << 64 | order) < ((unsigned __int128)other_deadline << 64 | other_order);
#else
  return deadline < other_deadline || (deadline == other_deadline && order < other_order);
#endif
}

/* The class plays its way up from its leaf. */
static inline void play(fp_edf *edf, uint32_t winner, uint64_t deadline, uint64_t order) {
  for (uint32_t at = (edf->leaves + winner) / 2; at > 0; at /= 2) {
    const uint32_t other = edf->losers[at];
    const uint64_t other_deadline = edf->front_deadlines[other], other_order = edf->front_orders[other];
    const uint64_t lost = (uint64_t)0 - (uint64_t)is_before(other_deadline, other_order, deadline, order);
    const uint32_t swapped = (winner ^ other) & (uint32_t)lost; /* lost: all ones, or 0 */
    edf->losers[at] = other ^ swapped;
    winner ^= swapped;
    deadline ^= (deadline ^ other_deadline) & lost;
    order ^= (order ^ other_order) & lost;
  }
  edf->winner = winner;
}

uint32_t fp_edf_pick(fp_edf *edf) {
  const fp_edf_table *table = edf->table;
  const uint32_t winner = edf->winner;
  const edf_class *class = &table->classes[winner];
  const uint32_t slot = edf->fronts[winner];
  const uint32_t next = slot + 1 == class->end ? class->start : slot + 1;
  uint64_t deadline, order;
  edf->deadlines[slot] = as_bits(as_double(edf->front_deadlines[winner]) + class->interval);
  edf->orders[slot] = edf->next_order++;
  deadline = edf->deadlines[next];
  order = edf->orders[next];
  edf->fronts[winner] = next;
  edf->front_deadlines[winner] = deadline;
  edf->front_orders[winner] = order;
  play(edf, winner, deadline, order);
  return table->entries[slot];
}

/* Classes wait at the first match that has nobody yet, or play on; the last one to enter leaves a winner. */
static void start_tournament(fp_edf *edf) {
  const fp_edf_table *table = edf->table;
  for (uint32_t at = 0; at < edf->leaves; at++) edf->losers[at] = NOBODY;
  for (uint32_t i = 0; i < edf->leaves; i++) {
    const uint32_t start = i < table->class_count ? table->classes[i].start : 0;
    uint32_t winner = i, at = (edf->leaves + i) / 2;
    edf->fronts[i] = start;
    edf->front_deadlines[i] = i < table->class_count ? edf->deadlines[start] : UINT64_MAX;
    edf->front_orders[i] = i < table->class_count ? edf->orders[start] : UINT64_MAX;
    for (; at > 0 && edf->losers[at] != NOBODY; at /= 2) {
      const uint32_t other = edf->losers[at];
      if (!is_before(edf->front_deadlines[other], edf->front_orders[other], edf->front_deadlines[winner],
                     edf->front_orders[winner]))
        continue;
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
    for (uint32_t slot = class->start; slot < class->end; slot++) {
      edf->deadlines[slot] = as_bits(deadline);
      edf->orders[slot] = table->entries[slot];
    }
    done += share * (class->end - class->start);
  }
  start_tournament(edf);
  edf->next_order = table->count;
  for (; done < picks; done++) (void)fp_edf_pick(edf);
}

fp_edf *fp_edf_new(const fp_edf_table *table, uint64_t seed) {
  const size_t count = table->count;
  size_t leaves = 1;
  fp_edf *edf;
  uint64_t *words;
  while (leaves < table->class_count) leaves *= 2;
  edf = fp_memory_alloc(sizeof *edf + (2 * count + 2 * leaves) * sizeof *words + 2 * leaves * sizeof *edf->losers);
  if (edf == NULL) return NULL;
  words = (uint64_t *)(edf + 1);
  edf->table = table;
  edf->deadlines = words;
  edf->orders = words + count;
  edf->leaves = (uint32_t)leaves;
  edf->front_deadlines = words + 2 * count;
  edf->front_orders = words + 2 * count + leaves;
  edf->fronts = (uint32_t *)(words + 2 * count + 2 * leaves);
  edf->losers = edf->fronts + leaves;
  pick_ahead(edf, (uint32_t)seed % MAX_PICKS_AHEAD);
  return edf;
}

void fp_edf_free(fp_edf *edf) { fp_memory_free(edf); }
