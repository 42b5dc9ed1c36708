/* head_compare.h - two readings of one head held against each other, and input that ends at a protected page. */
#ifndef FASTPATH_TESTS_HEAD_COMPARE_H
#define FASTPATH_TESTS_HEAD_COMPARE_H

#include <fastpath/http.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "http_scan.h"

enum {
  READING_FIELDS = 256
};

/* Room for a head and its fields, which end where it ends: a sanitizer sees one field too many. */
typedef struct reading {
  fp_http_head head;
  fp_status status;
  fp_error error;
  fp_http_field fields[READING_FIELDS];
} reading;

static inline void reading_init(reading *r, uint32_t capacity) {
  memset(&r->head, 0, sizeof r->head);
  r->head.fields = r->fields + READING_FIELDS - capacity;
  r->head.field_capacity = capacity;
}

/* The same spans and flags; who read it does not matter. */
static inline bool same_head(const fp_http_head *a, const fp_http_head *b) {
  const uint32_t by_whom = FASTPATH_HTTP_FAST_PATH;
#define SAME(member) (a->member == b->member)
  if (!(SAME(field_count) && SAME(head_len) && (a->flags & ~by_whom) == (b->flags & ~by_whom) && SAME(method) &&
        SAME(minor) && SAME(status) && SAME(method_off) && SAME(method_len) && SAME(target_off) && SAME(target_len) &&
        SAME(path_off) && SAME(path_len) && SAME(query_off) && SAME(query_len) && SAME(authority_off) &&
        SAME(authority_len) && SAME(reason_off) && SAME(reason_len) && SAME(content_length))) {
    return false;
  }
#undef SAME
  for (uint32_t i = 0; i < a->field_count; i++) {
    const fp_http_field *x = &a->fields[i], *y = &b->fields[i];
    if (x->name != y->name || x->name_len != y->name_len || x->value != y->value || x->value_len != y->value_len ||
        x->id != y->id) {
      return false;
    }
  }
  return true;
}

/* The same verdict, in all that a caller can see. */
static inline bool same_reading(const reading *a, const reading *b) {
  if (a->status != b->status) return false;
  if (a->status == FASTPATH_OK) return same_head(&a->head, &b->head);
  return a->status > 0 || (a->error.code == b->error.code && a->error.http_status == b->error.http_status &&
                           a->error.position == b->error.position && strcmp(a->error.message, b->error.message) == 0);
}

/* Memory whose last byte is followed by a page that may not be touched. */
typedef struct guarded {
  uint8_t *end;
} guarded;

static inline guarded guarded_new(size_t capacity) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (capacity + page - 1) / page * page;
  uint8_t *block = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED || mprotect(block + size, page, PROT_NONE) != 0) return (guarded){NULL};
  return (guarded){block + size};
}

static inline const uint8_t *guarded_copy(guarded g, const void *data, size_t len) {
  return memcpy(g.end - len, data, len);
}

/* Every kind of scan that this machine can run. */
typedef struct scanner {
  const char *name;
  bool (*request)(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head);
  bool (*response)(const uint8_t *data, size_t len, fp_http_method request_method, const fp_http_limits *limits,
                   fp_http_head *head);
} scanner;

static inline size_t all_scanners(scanner *out) {
  size_t count = 0;
  out[count++] = (scanner){"portable", fp_http_scan_request_portable, fp_http_scan_response_portable};
#if defined(FASTPATH_SCAN_X86)
  out[count++] = (scanner){"sse2", fp_http_scan_request_sse2, fp_http_scan_response_sse2};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
    out[count++] = (scanner){"avx2", fp_http_scan_request_avx2, fp_http_scan_response_avx2};
  }
#elif defined(FASTPATH_SCAN_NEON)
  out[count++] = (scanner){"neon", fp_http_scan_request_neon, fp_http_scan_response_neon};
#endif
  return count;
}

#endif
