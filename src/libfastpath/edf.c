#include "edf.h"

#include "memory.h"
#include "tournament.h"

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

struct fp_edf {
  const fp_edf_table *table;
  uint64_t next_order;
  fp_tournament fronts; /* of the classes */
  uint32_t *slots;      /* by class: the slot of its front */
  uint64_t *deadlines;  /* by slot */
  uint64_t *orders;
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
  for (uint32_t i = 0; i < count; i++) table->nudged_sum += (double)weights[i] + FP_EDF_WEIGHT_NUDGE;
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

uint32_t fp_edf_pick(fp_edf *edf) {
  const fp_edf_table *table = edf->table;
  const uint32_t winner = edf->fronts.winner;
  const edf_class *class = &table->classes[winner];
  const uint32_t slot = edf->slots[winner];
  const uint32_t next = slot + 1 == class->end ? class->start : slot + 1;
  const double now = fp_tournament_deadline(edf->fronts.deadlines[winner]);
  edf->deadlines[slot] = fp_tournament_bits(now + class->interval);
  edf->orders[slot] = edf->next_order++;
  edf->slots[winner] = next;
  fp_tournament_replay(&edf->fronts, edf->deadlines[next], edf->orders[next]);
  return table->entries[slot];
}

/* The state after `picks` picks from a fresh start, reached by giving each entry its certain share at once. */
static void pick_ahead(fp_edf *edf, uint32_t picks) {
  const fp_edf_table *table = edf->table;
  uint32_t done = 0;
  for (uint32_t i = 0; i < table->class_count; i++) {
    const edf_class *class = &table->classes[i];
    const double weight = class->weight + FP_EDF_WEIGHT_NUDGE;
    const uint32_t share = fp_edf_share(weight, picks, table->nudged_sum);
    const double deadline = (share + 1) / weight;
    for (uint32_t slot = class->start; slot < class->end; slot++) {
      edf->deadlines[slot] = fp_tournament_bits(deadline);
      edf->orders[slot] = table->entries[slot];
    }
    edf->slots[i] = class->start;
    edf->fronts.deadlines[i] = edf->deadlines[class->start];
    edf->fronts.orders[i] = edf->orders[class->start];
    done += share * (class->end - class->start);
  }
  fp_tournament_start(&edf->fronts);
  edf->next_order = table->count;
  for (; done < picks; done++) (void)fp_edf_pick(edf);
}

fp_edf *fp_edf_new(const fp_edf_table *table, uint64_t seed) {
  const size_t words = 2 * (size_t)table->count * sizeof(uint64_t), fronts = fp_tournament_size(table->class_count);
  fp_edf *edf = fp_memory_alloc(sizeof *edf + words + fronts + table->class_count * sizeof *edf->slots);
  if (edf == NULL) return NULL;
  edf->table = table;
  edf->deadlines = (uint64_t *)(edf + 1);
  edf->orders = edf->deadlines + table->count;
  fp_tournament_init(&edf->fronts, table->class_count, edf->orders + table->count);
  edf->slots = edf->fronts.losers + edf->fronts.leaves;
  pick_ahead(edf, (uint32_t)seed % FP_EDF_MAX_PICKS_AHEAD);
  return edf;
}
