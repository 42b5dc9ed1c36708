/* http_authority.h - the grammar of Host and of a target's authority (RFC 3986 3.2, RFC 9110 7.2). */
#ifndef FASTPATH_INTERNAL_HTTP_AUTHORITY_H
#define FASTPATH_INTERNAL_HTTP_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * True when data is host[:port], the host not empty: a name or IPv4 address, or an IPv6 address in brackets; the port
 * digits, at most 65535. Stricter than RFC 3986: no user information, no percent-encoding (no resolver and no route
 * decodes it, so it could only give one host two names), no empty port, no IPvFuture, no zone. When false, *offending
 * is the index of the byte that does not fit, or len where something is missing.
 */
bool fp_http_authority_is_valid(const uint8_t *data, size_t len, bool port_required, size_t *offending);

/*
 * The same for the authority in a URL as Envoy reads it: a name has letters, digits, '.' and '-' only, and an IPv4
 * address may stand in brackets as well.
 */
bool fp_http_url_authority_is_valid(const uint8_t *data, size_t len, size_t *offending);

#endif
