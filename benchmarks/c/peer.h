/*
 * peer.h - what a head parser must offer to be timed. Each peer is a shared library of its own, so that the same code
 * can stand in line twice, compiled differently.
 *
 * Every peer does the same job: find method, target (or status) and all fields, and leave a table of offsets and lengths.
 */
#ifndef FASTPATH_BENCH_PEER_H
#define FASTPATH_BENCH_PEER_H

#include <stddef.h>
#include <stdint.h>

enum {
  PEER_MAX_FIELDS = 100
};

/* How many fields the head has; a negative number when it is refused. */
__attribute__((visibility("default"))) int peer_parse(const uint8_t *data, size_t len, int is_response);

#endif
