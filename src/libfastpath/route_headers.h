/* route_headers.h - what conditions look for in a request: header lines, query parameters, cookies. */
#ifndef FASTPATH_INTERNAL_ROUTE_HEADERS_H
#define FASTPATH_INTERNAL_ROUTE_HEADERS_H

#include "asked_request.h"
#include "bits.h"
#include "routed_fields.h"

/* fp_header_is_named for names that are not the same byte for byte. */
bool fp_header_is_named_in_other_case(const uint8_t *here, const uint8_t *name, size_t len);

/* Whether `len` bytes are this name, in any letter case. */
static inline bool fp_header_is_named(const uint8_t *here, const uint8_t *name, size_t len) {
  return likely(same_bytes(here, name, len)) || fp_header_is_named_in_other_case(here, name, len);
}

/*
 * The next line of a header after `after` (NULL: the first), or NULL. The name may be in any letter case, `id` is its
 * fp_http_name_id.
 */
const fp_http_field *fp_header_next(const fp_route_request *request, const fp_http_field *after, const uint8_t *name,
                                    size_t len, uint16_t id);
size_t fp_header_line_count(const fp_route_request *request, const uint8_t *name, size_t len, uint16_t id);

/* Whether Envoy keeps several lines of this header as one value, with ',' between them. The name is in lower case. */
bool fp_header_lines_are_joined(const uint8_t *name, size_t len);

/* Whether Connection takes this header away. */
static inline bool fp_header_is_nominated(const fp_asked_request *asked, const uint8_t *name, size_t len) {
  return (asked->nominated & fp_asked_bit(len)) != 0 && fp_header_is_nominated_in_lines(asked->request, name, len);
}

/* A value put together from several lines. On the stack, or allocated when it is large. */
typedef struct fp_joined_header {
  uint8_t *block; /* NULL: in `own` */
  uint8_t own[512];
} fp_joined_header;

/*
 * The value of a header as joined, without its empty lines or `with_empty` ones; it lives until cleared.
 * FASTPATH_ERR_MEMORY: do not clear.
 */
fp_status fp_header_join(fp_joined_header *joined, const fp_route_request *request, const uint8_t *name, size_t len,
                         uint16_t id, bool with_empty, fp_span *value);
void fp_joined_header_clear(fp_joined_header *joined);

/* The first value of a query parameter, not decoded. */
bool fp_query_parameter(const fp_route_request *request, const uint8_t *name, size_t len, fp_span *value);

/* The first cookie of this name, without the quotes around its value. */
bool fp_cookie(const fp_asked_request *asked, const uint8_t *name, size_t len, fp_span *value);

/* The request's scheme: its target's, or what x-forwarded-proto says if that is http or https, or the connection's. */
fp_span fp_request_scheme(const fp_route_request *request);

/* What x-forwarded-proto is once the connection's scheme has been put there where it was missing. */
fp_span fp_request_forwarded_proto(const fp_route_request *request);

/* Whether the content-type is that of gRPC, and the request is not a CONNECT without a path. */
bool fp_request_is_grpc(const fp_asked_request *asked);

#endif
