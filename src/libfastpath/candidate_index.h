/*
 * candidate_index.h - the candidates of one place in a trie when they are many: found instead of tried one after the
 * other.
 *
 *   by regex    all regexes of the place in one pass over the path
 *   by header   where most of them ask for different values of one header, those that ask for the value that is there
 */
#ifndef FASTPATH_INTERNAL_CANDIDATE_INDEX_H
#define FASTPATH_INTERNAL_CANDIDATE_INDEX_H

#include "route_program.h"
#include "route_trie.h"

#define FP_CANDIDATE_INDEX_MIN 8 /* candidates that are worth one */

typedef struct fp_candidate_index fp_candidate_index;

/*
 * Make an index of those of the list's candidates for which it pays, and leave the others in the list. *index becomes
 * NULL when it pays for none. Errors: MEMORY, OVERFLOW.
 */
fp_status fp_candidate_index_new(fp_route_list *list, const fp_route_program *programs, fp_candidate_index **index,
                                 fp_error *error);
void fp_candidate_index_free(fp_candidate_index *index); /* NULL is allowed */
size_t fp_candidate_index_size(const fp_candidate_index *index);

/*
 * Lower *best to the lowest rank of a candidate that takes the request, if there is one below it. `path` is what is
 * compared. FASTPATH_OK or FASTPATH_ERR_MEMORY.
 */
fp_status fp_candidate_index_find(const fp_candidate_index *index, const fp_route_program *programs, fp_span path,
                                  fp_asked_request *asked, uint32_t *best);

#endif
