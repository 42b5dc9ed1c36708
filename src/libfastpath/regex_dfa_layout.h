/* regex_dfa_layout.h - states become nodes. */
#ifndef FASTPATH_INTERNAL_REGEX_DFA_LAYOUT_H
#define FASTPATH_INTERNAL_REGEX_DFA_LAYOUT_H

#include "regex_dfa_states.h"

/* Fills in a zeroed dfa; takes the accept lists from states. OK, NONE when it would pass max_bytes, or MEMORY. */
fp_status fp_regex_dfa_lay_out(fp_regex_states *states, size_t max_bytes, fp_regex_dfa *dfa);

#endif
