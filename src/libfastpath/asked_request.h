/* asked_request.h - a request while a table is asked for its route, with what is found out of it only once. */
#ifndef FASTPATH_INTERNAL_ASKED_REQUEST_H
#define FASTPATH_INTERNAL_ASKED_REQUEST_H

#include <fastpath/route.h>
#include <stdbool.h>

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
  uint64_t known[2];  /* a bit for the id of each line, 0 standing for all names without one */
  uint64_t others;    /* of lines without an id: a bit for the length of the name, modulo 64 */
  uint64_t nominated; /* likewise of the names in Connection */
  uint32_t lookup_count; /* how many were made; the last ones are kept, since routes tend to ask for the same few */
  fp_lookup lookups[FP_LOOKUPS_MAX];
} fp_asked_request;

/* One pass over the request's lines. The request stays the caller's and must outlive `asked`. */
void fp_asked_request_init(fp_asked_request *asked, const fp_route_request *request);

static inline uint64_t fp_length_bit(size_t len) { return UINT64_C(1) << (len & 63); }

static inline bool fp_asked_may_have_id(const fp_asked_request *asked, uint16_t id) {
  return (asked->known[id >> 6 & 1] >> (id & 63) & 1) != 0;
}

/* Whether there may be a line of this name, whose fp_http_name_id is `id`. */
static inline bool fp_asked_may_have(const fp_asked_request *asked, size_t len, uint16_t id) {
  return id != 0 ? fp_asked_may_have_id(asked, id) : (asked->others & fp_length_bit(len)) != 0;
}

#endif
