#include "labels.h"

#include <string.h>

#include "memory.h"

int fp_span_compare(fp_span a, fp_span b) {
  const size_t common = a.len < b.len ? a.len : b.len;
  const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
  return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static uint8_t *keep(uint8_t *memory, fp_span *span) {
  if (span->len > 0) memcpy(memory, span->data, span->len);
  span->data = memory;
  return memory + span->len;
}

/* By key, stable; there are few. */
static void insert(fp_labels *labels, fp_label label) {
  size_t at = labels->count++;
  for (; at > 0 && fp_span_compare(label.key, labels->items[at - 1].key) < 0; at--)
    labels->items[at] = labels->items[at - 1];
  labels->items[at] = label;
}

fp_labels *fp_labels_new(const fp_label *labels, size_t count) {
  size_t size = sizeof(fp_labels);
  fp_labels *made;
  uint8_t *memory;
  for (size_t i = 0; i < count; i++) {
    const size_t bytes = sizeof *labels + labels[i].key.len;
    if (bytes < labels[i].key.len || labels[i].value.len > SIZE_MAX / 2 - bytes) return NULL;
    if (size > SIZE_MAX / 2 - bytes - labels[i].value.len) return NULL;
    size += bytes + labels[i].value.len;
  }
  made = fp_memory_alloc(size);
  if (made == NULL) return NULL;
  atomic_init(&made->references, 1);
  made->count = 0;
  memory = (uint8_t *)(made->items + count);
  for (size_t i = 0; i < count; i++) {
    fp_label label = labels[i];
    memory = keep(memory, &label.key);
    memory = keep(memory, &label.value);
    insert(made, label);
  }
  return made;
}

fp_labels *fp_labels_ref(fp_labels *labels) {
  atomic_fetch_add_explicit(&labels->references, 1, memory_order_relaxed);
  return labels;
}

void fp_labels_unref(fp_labels *labels) {
  if (labels != NULL && atomic_fetch_sub_explicit(&labels->references, 1, memory_order_acq_rel) == 1)
    fp_memory_free(labels);
}

size_t fp_labels_find(const fp_labels *labels, fp_span key) {
  size_t at = 0;
  while (labels != NULL && at < labels->count && fp_span_compare(labels->items[at].key, key) < 0) at++;
  if (labels == NULL || at == labels->count || fp_span_compare(labels->items[at].key, key) == 0) return at;
  return labels->count;
}

static int includes(const fp_labels *labels, const fp_label *wanted) {
  if (labels == NULL) return 0;
  for (size_t i = fp_labels_find(labels, wanted->key);
       i < labels->count && fp_span_compare(labels->items[i].key, wanted->key) == 0; i++)
    if (fp_span_compare(labels->items[i].value, wanted->value) == 0) return 1;
  return 0;
}

int fp_labels_include(const fp_labels *labels, const fp_labels *wanted) {
  for (size_t i = 0; wanted != NULL && i < wanted->count; i++)
    if (!includes(labels, &wanted->items[i])) return 0;
  return 1;
}
