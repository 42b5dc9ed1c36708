/*
 * condition_lists.h - routes that ask for the same beside their paths. Most tables ask for a few lists of conditions over
 * and over: one copy of each is compiled, and stays in the processor's cache.
 */
#ifndef FASTPATH_INTERNAL_CONDITION_LISTS_H
#define FASTPATH_INTERNAL_CONDITION_LISTS_H

#include "route_builder.h"

/*
 * For each of `count` routes the first one whose conditions are the same in the same order, which may be itself: their
 * places go into first_with. Routes with a test on the path are the same only to each other, so that the others share
 * their whole programs. FASTPATH_OK or FASTPATH_ERR_MEMORY.
 */
fp_status fp_condition_lists_find(const fp_route_builder *builder, const fp_route_spec *routes, size_t count,
                                  uint32_t *first_with);

#endif
