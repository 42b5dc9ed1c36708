/* regex_join.h - programs become one, which matches what any of them does. */
#ifndef FASTPATH_INTERNAL_REGEX_JOIN_H
#define FASTPATH_INTERNAL_REGEX_JOIN_H

#include "regex_program.h"

/*
 * Fill in a zeroed program; MATCH of programs[i] gets ids[i] as its arg. What the programs begin with alike is there
 * once, loops too; captures and preferences are gone. false when out of memory.
 *
 *   .*a1|.*a2|.*b    .*(a(1|2)|b)
 */
bool fp_regex_join(const fp_regex_program *const *programs, const uint32_t *ids, size_t count,
                   fp_regex_program *joined);

#endif
