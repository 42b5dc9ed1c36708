#include "header_index.h"

#include <stdbool.h>
#include <string.h>

#include "memory.h"
#include "route_headers.h"
#include "sort.h"

enum {
  NAMES_MAX = 8 /* headers that are considered */
};

static bool same_name(const fp_condition *a, const fp_condition *b) {
  return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* What is left to find out of it are conditions alone. */
static bool is_plain(const fp_route_program *program) { return program->regex == NULL && program->template == NULL; }

/* The plain program's condition on an exact value of this header, or NULL. */
static const fp_condition *wanted_of(const fp_route_program *program, const fp_condition *header) {
  for (uint32_t i = 0; is_plain(program) && i < program->condition_count; i++) {
    const fp_condition *condition = &program->conditions[i];
    if (condition->shape == FP_CONDITION_EXACT_LINE && same_name(condition, header)) return condition;
  }
  return NULL;
}

/* The header that most candidates ask for an exact value of, of the first few; NULL when there are fewer than `least`. */
static const fp_condition *most_wanted(const fp_route_list *list, const fp_route_program *programs, size_t least,
                                       size_t *count) {
  const fp_route_candidate *candidates = fp_route_list_candidates(list);
  const fp_condition *names[NAMES_MAX];
  size_t counts[NAMES_MAX] = {0}, known = 0, best = 0;
  for (uint32_t i = 0; i < list->count; i++) {
    const fp_route_program *program = &programs[candidates[i].program];
    for (uint32_t j = 0; is_plain(program) && j < program->condition_count; j++) {
      const fp_condition *condition = &program->conditions[j];
      size_t at = 0;
      if (condition->shape != FP_CONDITION_EXACT_LINE) continue;
      while (at < known && !same_name(names[at], condition)) at++;
      if (at == NAMES_MAX) continue;
      if (at == known) names[known++] = condition;
      counts[at]++;
    }
  }
  for (size_t at = 1; at < known; at++) {
    if (counts[at] > counts[best]) best = at;
  }
  if (known == 0 || counts[best] < least) return NULL;
  *count = 0; /* a program may ask for two values of one header: counted once from here on */
  for (uint32_t i = 0; i < list->count; i++) {
    *count += wanted_of(&programs[candidates[i].program], names[best]) != NULL;
  }
  return names[best];
}

static uint32_t hash_of(const uint8_t *value, size_t len) {
  uint64_t hash = 0xcbf29ce484222325u ^ len;
  for (size_t i = 0; i < len; i++) hash = (hash ^ value[i]) * 0x100000001b3u;
  return (uint32_t)(hash >> 32 ^ hash);
}

/* A candidate while they are brought together by value. */
typedef struct {
  const fp_condition *wanted;
  fp_route_candidate candidate;
} entry;

static int by_value(const void *a, const void *b, const void *context) {
  const entry *left = a, *right = b;
  const uint32_t left_len = left->wanted->value_len, right_len = right->wanted->value_len;
  int order;
  (void)context;
  if (left_len != right_len) return left_len < right_len ? -1 : 1;
  order = left_len == 0 ? 0 : memcmp(left->wanted->value, right->wanted->value, left_len);
  if (order != 0) return order;
  return left->candidate.rank < right->candidate.rank ? -1 : left->candidate.rank > right->candidate.rank;
}

static bool wants(const fp_header_index *index, const fp_header_bucket *bucket, const uint8_t *value, size_t len) {
  const fp_condition *wanted = index->wanted[bucket->first];
  return wanted->value_len == len && (len == 0 || memcmp(wanted->value, value, len) == 0);
}

static fp_header_bucket *bucket_of(const fp_header_index *index, const uint8_t *value, size_t len, uint32_t hash) {
  size_t at = hash & index->mask;
  for (;; at = (at + 1) & index->mask) {
    fp_header_bucket *bucket = &index->buckets[at];
    if (bucket->count == 0 || (bucket->hash == hash && wants(index, bucket, value, len))) return bucket;
  }
}

static void fill(fp_header_index *index, const entry *entries, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const fp_condition *wanted = entries[i].wanted;
    const uint32_t hash = hash_of(wanted->value, wanted->value_len);
    fp_header_bucket *bucket;
    index->candidates[i] = entries[i].candidate;
    index->wanted[i] = wanted;
    bucket = bucket_of(index, wanted->value, wanted->value_len, hash);
    if (bucket->count == 0) *bucket = (fp_header_bucket){.hash = hash, .first = (uint32_t)i};
    bucket->count++;
  }
}

/* Moves the candidates that are indexed from the list to `entries`. */
static void take_out(fp_route_list *list, const fp_route_program *programs, const fp_condition *header,
                     entry *entries) {
  fp_route_candidate *candidates = fp_route_list_candidates(list);
  uint32_t left = 0;
  for (uint32_t i = 0; i < list->count; i++) {
    const fp_condition *wanted = wanted_of(&programs[candidates[i].program], header);
    if (wanted == NULL) {
      candidates[left++] = candidates[i];
    } else {
      *entries++ = (entry){wanted, candidates[i]};
    }
  }
  list->count = left;
}

fp_status fp_header_index_build(fp_header_index *index, fp_route_list *list, const fp_route_program *programs,
                                size_t least) {
  size_t count = 0, slots = 16;
  const fp_condition *header = most_wanted(list, programs, least, &count);
  entry *entries;
  if (header == NULL) return FASTPATH_OK;
  while (slots < 2 * count) slots *= 2;
  entries = fp_memory_alloc(count * sizeof *entries);
  index->candidates = fp_memory_alloc(count * sizeof *index->candidates);
  index->wanted = fp_memory_alloc(count * sizeof(fp_condition *));
  index->buckets = fp_memory_alloc(slots * sizeof *index->buckets);
  if (entries == NULL || index->candidates == NULL || index->wanted == NULL || index->buckets == NULL) {
    fp_memory_free(entries);
    return FASTPATH_ERR_MEMORY;
  }
  memset(index->buckets, 0, slots * sizeof *index->buckets);
  index->mask = slots - 1;
  index->header = header;
  index->size = count * (sizeof *index->candidates + sizeof(fp_condition *)) + slots * sizeof *index->buckets;
  take_out(list, programs, header, entries);
  fp_sort(entries, count, sizeof *entries, by_value, NULL);
  fill(index, entries, count);
  fp_memory_free(entries);
  return FASTPATH_OK;
}

void fp_header_index_clear(fp_header_index *index) {
  fp_memory_free(index->candidates);
  fp_memory_free(index->wanted);
  fp_memory_free(index->buckets);
  memset(index, 0, sizeof *index);
}

/* Whether a line before this one has the same value, so that its candidates have been tried. */
static bool is_repeated(const fp_header_index *index, const fp_route_request *request, const fp_http_field *field) {
  const fp_condition *header = index->header;
  const fp_http_field *before = NULL;
  while ((before = fp_header_next(request, before, header->name, header->name_len, header->name_id)) != field) {
    if (before->value_len == field->value_len &&
        memcmp(request->data + before->value, request->data + field->value, field->value_len) == 0) {
      return true;
    }
  }
  return false;
}

fp_status fp_header_index_find(const fp_header_index *index, const fp_route_program *programs, fp_asked_request *asked,
                               uint32_t *best) {
  const fp_route_request *request = asked->request;
  const fp_condition *header = index->header;
  const fp_http_field *field = NULL;
  if (!fp_asked_may_have(asked, header->name_len, header->name_id)) return FASTPATH_OK;
  while ((field = fp_header_next(request, field, header->name, header->name_len, header->name_id)) != NULL) {
    const uint8_t *value = request->data + field->value;
    const fp_header_bucket *bucket = bucket_of(index, value, field->value_len, hash_of(value, field->value_len));
    const fp_route_candidate *candidates = index->candidates + bucket->first;
    if (bucket->count > 0 && is_repeated(index, request, field)) continue;
    for (uint32_t i = 0; i < bucket->count && candidates[i].rank < *best; i++) {
      const int holds = fp_route_program_conditions(&programs[candidates[i].program], asked);
      if (holds < 0) return (fp_status)holds;
      if (holds == 1) *best = candidates[i].rank;
    }
  }
  return FASTPATH_OK;
}
