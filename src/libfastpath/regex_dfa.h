/*
 * regex_dfa.h - programs as one automaton in which every text leads along one way: which of them match it in full?
 *
 * It is built whole, or not at all when a limit is passed. States become nodes of one array of words:
 *
 *   LITERAL   a run of bytes that must come, compared at once
 *   SPARSE    a few ranges of bytes
 *   DENSE     a next node for each class of bytes
 *   LOOP      stands before one of the latter two, when most bytes lead back to it: eight bytes at a time are skipped
 */
#ifndef FASTPATH_INTERNAL_REGEX_DFA_H
#define FASTPATH_INTERNAL_REGEX_DFA_H

#include "regex_program.h"

#define REGEX_DFA_DEAD 0u /* a reference to no node */

/* A reference to a node: its offset, and its kind in the lowest bits. */
enum {
  REGEX_DFA_DENSE = 0,
  REGEX_DFA_SPARSE = 1,
  REGEX_DFA_LITERAL = 2,
  REGEX_DFA_LOOP = 3,
  REGEX_DFA_KIND_BITS = 2
};

/*
 * Words of a node:
 *   DENSE    accept, a reference for each class
 *   SPARSE   accept, count, count times: low | high << 8, reference
 *   LITERAL  length, reference, the bytes filled up to words; never accepts
 *   LOOP     the byte that leads elsewhere, or 0; the node that takes it
 */
typedef struct fp_regex_dfa {
  uint32_t *code;
  uint32_t *accepts; /* lists: count, then ids ascending. What accepts refers to its list; 0 is the empty one */
  uint8_t *prefix;   /* what every match begins with */
  uint32_t code_count, accept_count, prefix_len;
  uint32_t start; /* reference */
  uint32_t literal; /* 1: nothing but the prefix matches */
  uint8_t classes[256];
} fp_regex_dfa;

typedef struct fp_regex_dfa_limits {
  uint32_t max_states;
  size_t max_bytes; /* of the whole, and of what is needed to build it */
} fp_regex_dfa_limits;

/* Build one of programs[0 .. count), whose ids are ids[i]. OK, NONE when a limit is passed, or MEMORY. */
fp_status fp_regex_dfa_new(const fp_regex_program *const *programs, const uint32_t *ids, size_t count,
                           const fp_regex_dfa_limits *limits, fp_regex_dfa **dfa);
void fp_regex_dfa_free(fp_regex_dfa *dfa); /* NULL is allowed */
size_t fp_regex_dfa_size(const fp_regex_dfa *dfa);

/* The list of those that match: an offset into accepts, 0 for none. */
uint32_t fp_regex_dfa_match(const fp_regex_dfa *dfa, const uint8_t *text, size_t len);

#endif
