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
  uint32_t start;  /* of its ring, in slots */
  uint32_t size;
} edf_class;

struct fp_edf_table {
  uint32_t count;
  uint32_t class_count;
  double nudged_sum; /* of all weights, added up in configured order */
  edf_class *classes;
  uint32_t *entries; /* slot -> entry: classes one after the other, configured order within */
};

typedef struct edf_key {
  double deadline;
  uint64_t order;
} edf_key;

typedef struct edf_node {
  edf_key key;
  uint32_t class_index;
  uint32_t front; /* slot */
} edf_node;

struct fp_edf {
  const fp_edf_table *table;
  uint64_t next_order;
  edf_node *heap; /* table->class_count */
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
      classes[class_count++] = (edf_class){weight, 1.0 / weight, i, 0};
    }
    classes[class_count - 1].size++;
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

static inline int is_before(edf_key a, edf_key b) {
  return a.deadline < b.deadline || (a.deadline == b.deadline && a.order < b.order);
}

/* Puts node where it belongs below the hole at index. */
static inline void sift_down(edf_node *heap, uint32_t count, uint32_t index, edf_node node) {
  for (;;) {
    uint32_t child = 2 * index + 1;
    if (child >= count) break;
    if (child + 1 < count && is_before(heap[child + 1].key, heap[child].key)) child++;
    if (!is_before(heap[child].key, node.key)) break;
    heap[index] = heap[child];
    index = child;
  }
  heap[index] = node;
}

uint32_t fp_edf_pick(fp_edf *edf) {
  const fp_edf_table *table = edf->table;
  edf_node node = edf->heap[0];
  const edf_class *class = &table->classes[node.class_index];
  const uint32_t slot = node.front;
  edf->slots[slot] = (edf_key){node.key.deadline + class->interval, edf->next_order++};
  node.front = slot + 1 == class->start + class->size ? class->start : slot + 1;
  node.key = edf->slots[node.front];
  sift_down(edf->heap, table->class_count, 0, node);
  return table->entries[slot];
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
    for (uint32_t slot = class->start; slot < class->start + class->size; slot++)
      edf->slots[slot] = (edf_key){deadline, table->entries[slot]};
    edf->heap[i] = (edf_node){edf->slots[class->start], i, class->start};
    done += share * class->size;
  }
  for (uint32_t i = table->class_count / 2; i-- > 0;) sift_down(edf->heap, table->class_count, i, edf->heap[i]);
  edf->next_order = table->count;
  for (; done < picks; done++) (void)fp_edf_pick(edf);
}

fp_edf *fp_edf_new(const fp_edf_table *table, uint64_t seed) {
  fp_edf *edf = fp_memory_alloc(sizeof *edf + table->count * sizeof edf->slots[0]);
  if (edf == NULL) return NULL;
  edf->heap = fp_memory_alloc(table->class_count * sizeof edf->heap[0]);
  if (edf->heap == NULL) {
    fp_memory_free(edf);
    return NULL;
  }
  edf->table = table;
  pick_ahead(edf, (uint32_t)seed % MAX_PICKS_AHEAD);
  return edf;
}

void fp_edf_free(fp_edf *edf) {
  if (edf == NULL) return;
  fp_memory_free(edf->heap);
  fp_memory_free(edf);
}
