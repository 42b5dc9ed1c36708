/* host_index.h - hosts by address and port: an open-addressing hash table. */
#ifndef FASTPATH_INTERNAL_HOST_INDEX_H
#define FASTPATH_INTERNAL_HOST_INDEX_H

#include <fastpath/cluster.h>

/* Borrows its hosts. One owner; reading: any thread once filled. */
typedef struct fp_host_index {
  fp_host **slots; /* a power of two; NULL: free */
  size_t mask;
} fp_host_index;

/* Room for `count` hosts. MEMORY or OVERFLOW. */
fp_status fp_host_index_init(fp_host_index *index, size_t count);
void fp_host_index_clear(fp_host_index *index);

/* The slot that holds the endpoint's host, or the free one where it belongs. */
fp_host **fp_host_index_slot(const fp_host_index *index, const fp_endpoint *endpoint);

#endif
