/* asked_request.h - a request while a table is asked for its route, with what is found out of it only once. */
#ifndef FASTPATH_INTERNAL_ASKED_REQUEST_H
#define FASTPATH_INTERNAL_ASKED_REQUEST_H

#include <fastpath/route.h>
#include <stdbool.h>

#include "bits.h"
#include "routed_fields.h"

#define FP_LOOKUPS_MAX 4

/* What a query parameter or a cookie is in a request. The name is the condition's that asked. */
typedef struct fp_lookup {
  uint8_t kind; /* fp_route_condition_kind */
  uint32_t name_len;
  const uint8_t *name;
  fp_span value; /* data NULL: missing */
} fp_lookup;

/*
 * On the stack of whoever asks, for one request. A set bit says that a name may be there, one that is not set that it is
 * not: most headers that routes ask for are not there, or Connection does not name them, and no line need be looked at.
 */
typedef struct fp_asked_request {
  const fp_route_request *request;
  uint64_t ids;       /* a bit for the id of each line, modulo 64 */
  uint64_t lengths;   /* a bit for the length of each line's name, modulo 64 */
  uint64_t nominated; /* likewise of the names that Connection takes away */
  bool upgrade;       /* another protocol is asked for: fp_request_read_connection */
  uint32_t lookup_count; /* how many were made; the last ones are kept, since routes tend to ask for the same few */
  fp_lookup lookups[FP_LOOKUPS_MAX];
} fp_asked_request;

/* The bit of a length, or of an id. */
static inline uint64_t fp_asked_bit(size_t number) { return UINT64_C(1) << (number & 63); }

/* Whether there may be a line of this name, whose fp_http_name_id is `id`. */
static inline bool fp_asked_may_have(const fp_asked_request *asked, size_t len, uint16_t id) {
  return (asked->ids >> (id & 63) & asked->lengths >> (len & 63) & 1) != 0;
}

/* One pass over the request's lines. The request stays the caller's and must outlive `asked`. */
static inline void fp_asked_request_init(fp_asked_request *asked, const fp_route_request *request) {
  const fp_http_field *field = request->fields;
  uint64_t ids = 0, lengths = 0;
  for (uint32_t left = request->field_count; left > 0; left--, field++) {
    ids |= fp_asked_bit(field->id);
    lengths |= fp_asked_bit(field->name_len);
  }
  asked->request = request;
  asked->ids = ids;
  asked->lengths = lengths;
  asked->lookup_count = 0;
  asked->nominated = 0;
  asked->upgrade = false;
  if (unlikely(fp_asked_may_have(asked, sizeof "connection" - 1, FASTPATH_HTTP_NAME_CONNECTION))) {
    fp_request_read_connection(request, &asked->nominated, &asked->upgrade);
  }
}

#endif
