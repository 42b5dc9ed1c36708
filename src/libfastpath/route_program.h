/* route_program.h - what is left to find out of a route once a trie has led to it. */
#ifndef FASTPATH_INTERNAL_ROUTE_PROGRAM_H
#define FASTPATH_INTERNAL_ROUTE_PROGRAM_H

#include "path_template.h"
#include "route_condition.h"

/* What it points to belongs to the virtual host. */
typedef struct fp_route_program {
  fp_regex *regex;             /* counted; the path must match it; NULL: nothing to do, as with the next one */
  fp_path_template *template;
  const fp_condition *conditions;
  uint32_t condition_count;
} fp_route_program;

/* Whether the conditions hold: 1, 0, or an error. */
static inline int fp_route_program_conditions(const fp_route_program *program, fp_asked_request *asked) {
  for (uint32_t i = 0; i < program->condition_count; i++) {
    const int holds = fp_condition_holds(&program->conditions[i], asked);
    if (holds != 1) return holds;
  }
  return 1;
}

#endif
