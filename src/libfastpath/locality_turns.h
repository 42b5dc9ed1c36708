/* locality_turns.h - where one worker stands in the order in which weighted localities take turns. */
#ifndef FASTPATH_INTERNAL_LOCALITY_TURNS_H
#define FASTPATH_INTERNAL_LOCALITY_TURNS_H

#include "localities.h"

/* One owner; one thread at a time. */
typedef struct fp_locality_turns fp_locality_turns;

/* For localities->turn_count > 0, which must outlive it: earliest deadline first, as Envoy starts it with this seed. NULL
   when out of memory. */
fp_locality_turns *fp_locality_turns_new(const fp_localities *localities, uint64_t seed);
void fp_locality_turns_free(fp_locality_turns *turns); /* NULL is allowed */

/* Whose turn it is: an index into localities->groups. */
uint32_t fp_locality_turns_next(fp_locality_turns *turns);

#endif
