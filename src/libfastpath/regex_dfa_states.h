/* regex_dfa_states.h - the states of a DFA as they are found: sets of the instructions that threads stand at. */
#ifndef FASTPATH_INTERNAL_REGEX_DFA_STATES_H
#define FASTPATH_INTERNAL_REGEX_DFA_STATES_H

#include "regex_dfa.h"

typedef struct fp_regex_edge {
  uint8_t low, high;
  uint32_t target;
} fp_regex_edge;

typedef struct fp_regex_state {
  uint32_t set, set_count;   /* its instructions */
  uint32_t edge, edge_count; /* ascending, with no overlap */
  uint32_t context;          /* what holds here of the assertions that look back; 0 when no instruction asks */
  uint32_t accept;           /* list of ids */
} fp_regex_state;

/* A hash table of numbers, open addressing; UINT32_MAX is free. */
typedef struct fp_regex_index {
  uint32_t *slots;
  uint32_t mask, used;
} fp_regex_index;

typedef struct fp_regex_states {
  fp_regex_program program; /* all programs, one behind the other */
  const fp_regex_dfa_limits *limits;
  fp_regex_state *states; /* state 0 is the start */
  uint32_t *sets;
  fp_regex_edge *edges;
  uint32_t *accepts;
  uint32_t state_count, state_capacity;
  uint32_t set_count, set_capacity;
  uint32_t edge_count, edge_capacity;
  uint32_t accept_count, accept_capacity;
  fp_regex_index by_set, by_accept;
} fp_regex_states;

/* Zeroed states are filled in; they have to be cleared also after OK was not returned. As fp_regex_dfa_new. */
fp_status fp_regex_states_find(fp_regex_states *states, const fp_regex_program *const *programs, const uint32_t *ids,
                               size_t count, const fp_regex_dfa_limits *limits);
void fp_regex_states_clear(fp_regex_states *states);

/* The state with these instructions, which are sorted, entered with this context. OK, NONE at a limit, or MEMORY. */
fp_status fp_regex_states_add(fp_regex_states *states, uint32_t *set, uint32_t count, uint32_t context,
                              uint32_t *number);

/* The list with these ids, which are sorted; 0 is the empty one. */
fp_status fp_regex_states_accept(fp_regex_states *states, uint32_t *ids, uint32_t count, uint32_t *list);

#endif
