/* routed_fields.h - what Envoy's HTTP connection manager leaves of a request's header fields before it looks at routes. */
#ifndef FASTPATH_INTERNAL_ROUTED_FIELDS_H
#define FASTPATH_INTERNAL_ROUTED_FIELDS_H

#include <fastpath/route.h>
#include <stdbool.h>

/* Whether this header belongs to one hop or to the inside, and so is gone. In lower case. */
bool fp_header_is_dropped(const uint8_t *lower, size_t len);

/* Whether it is one of those that stay when another protocol is asked for: Connection and Upgrade. In lower case. */
bool fp_header_is_of_upgrade(const uint8_t *name, size_t len);

/*
 * What Connection says: *nominated has a bit for the length, modulo 64, of each name that it takes away. With *upgrade
 * another protocol than h2c is asked for, and of all that is for this hop nothing is taken away.
 */
void fp_request_read_connection(const fp_route_request *request, uint64_t *nominated, bool *upgrade);

/* Whether Connection takes the header away, once fp_request_read_connection has said that it may. */
bool fp_header_is_nominated_in_lines(const fp_route_request *request, const uint8_t *name, size_t len);

/* What is left of TE: "trailers" when that is among its members, or that it is empty; else data NULL. */
fp_span fp_request_te(const fp_route_request *request);

/* Whether all lines of Referer together are a URL or reference that Envoy passes on. */
bool fp_request_referer_is_valid(const fp_route_request *request);

#endif
