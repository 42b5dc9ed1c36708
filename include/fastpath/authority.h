/*
 * fastpath/authority.h - what Envoy's HttpConnectionManager does to a request's host before routes are looked at.
 *
 *   shop.example.:8080   strip_trailing_dot -> shop.example:8080   strip_any_port -> shop.example
 *
 * What comes out is the host to match and to forward.
 */
#ifndef FASTPATH_AUTHORITY_H
#define FASTPATH_AUTHORITY_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* Plain data, the caller's. Booleans are 0 or 1. Zero bytes change nothing. */
typedef struct fp_authority_options {
  uint8_t strip_trailing_dot; /* strip_trailing_host_dot: behind the host, also when a port follows */
  uint8_t strip_any_port;     /* strip_any_host_port: ":" and a number below 2^32 */
  uint16_t strip_port;        /* strip_matching_host_port: only this number; 0: none */
} fp_authority_options;

/*
 * Normalise a host. dst has room for len bytes and may not overlap data; it is written only when the host cannot be had
 * by cutting off its end. The result points into data or dst. Linear; allocates nothing. Threads: any.
 */
fp_span fp_authority_normalize(const fp_authority_options *options, const uint8_t *data, size_t len, uint8_t *dst);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
