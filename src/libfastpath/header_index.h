/*
 * header_index.h - candidates that ask for different values of one header, found by the value that is there.
 *
 *   x-tenant: blue --hash--> the candidates that ask for x-tenant = "blue", in order of rank
 */
#ifndef FASTPATH_INTERNAL_HEADER_INDEX_H
#define FASTPATH_INTERNAL_HEADER_INDEX_H

#include "route_program.h"
#include "route_trie.h"

typedef struct fp_header_bucket {
  uint32_t hash;
  uint32_t first; /* of the candidates */
  uint32_t count; /* 0: an empty bucket */
} fp_header_bucket;

/* The owner's; zero bytes are an empty index. */
typedef struct fp_header_index {
  const fp_condition *header;     /* one of the conditions on it, for its name */
  fp_route_candidate *candidates; /* those of a value side by side, in order of rank */
  const fp_condition **wanted;    /* each candidate's condition on the header */
  fp_header_bucket *buckets;      /* linear probing, at most half full */
  size_t mask;
  size_t size; /* bytes allocated */
} fp_header_index;

/*
 * Index those of the list's candidates that ask for an exact value of the header that most of them ask for, and take
 * them out of the list, if they are `least` or more. FASTPATH_OK, also when nothing was done, or FASTPATH_ERR_MEMORY.
 */
fp_status fp_header_index_build(fp_header_index *index, fp_route_list *list, const fp_route_program *programs,
                                size_t least);
void fp_header_index_clear(fp_header_index *index);

/* As fp_candidate_index_find. */
fp_status fp_header_index_find(const fp_header_index *index, const fp_route_program *programs, fp_asked_request *asked,
                               uint32_t *best);

#endif
