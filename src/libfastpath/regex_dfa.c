#include "regex_dfa.h"

#include <string.h>

#include "bits.h"
#include "memory.h"
#include "regex_dfa_layout.h"

fp_status fp_regex_dfa_new(const fp_regex_program *const *programs, const uint32_t *ids, size_t count,
                           const fp_regex_dfa_limits *limits, fp_regex_dfa **dfa) {
  fp_regex_states states = {.states = NULL};
  fp_regex_dfa *made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return FASTPATH_ERR_MEMORY;
  *made = (fp_regex_dfa){.code = NULL};
  fp_status status = fp_regex_states_find(&states, programs, ids, count, limits);
  if (status == FASTPATH_OK) status = fp_regex_dfa_lay_out(&states, limits->max_bytes, made);
  fp_regex_states_clear(&states);
  if (status == FASTPATH_OK) {
    *dfa = made;
  } else {
    fp_regex_dfa_free(made);
  }
  return status;
}

void fp_regex_dfa_free(fp_regex_dfa *dfa) {
  if (dfa == NULL) return;
  fp_memory_free(dfa->code);
  fp_memory_free(dfa->accepts);
  fp_memory_free(dfa->prefix);
  fp_memory_free(dfa);
}

size_t fp_regex_dfa_size(const fp_regex_dfa *dfa) {
  return sizeof *dfa + ((size_t)dfa->code_count + dfa->accept_count) * sizeof *dfa->code + dfa->prefix_len;
}

#define EACH(byte) ((byte) * UINT64_C(0x0101010101010101))

/* Skip the bytes of 0x20 .. 0x7f that are not `leaving`, as far as whole words go. */
static const uint8_t *skip_loop(const uint8_t *at, const uint8_t *end, uint32_t leaving) {
  const uint64_t top = EACH(UINT64_C(0x80)), pattern = EACH((uint64_t)leaving);
  while (end - at >= 8) {
    uint64_t word = load64(at), same = word ^ pattern;
    uint64_t stops = word | (word - EACH(UINT64_C(0x20))) | (same - EACH(UINT64_C(1)));
    if ((stops & top) != 0) {
      /* The lowest mark is exact: a borrow comes from a byte that is marked itself. */
      return at + first_bit(stops & top) / 8;
    }
    at += 8;
  }
  return at;
}

uint32_t fp_regex_dfa_match(const fp_regex_dfa *dfa, const uint8_t *text, size_t len) {
  const uint8_t *at = text, *end = text + len;
  const uint8_t *classes = dfa->classes;
  const uint32_t *code = dfa->code;
  uint32_t reference = dfa->start;
  while (reference != REGEX_DFA_DEAD) {
    const uint32_t *node = code + (reference >> REGEX_DFA_KIND_BITS);
    switch (reference & ((1u << REGEX_DFA_KIND_BITS) - 1)) {
      case REGEX_DFA_DENSE:
        if (at == end) return node[0];
        reference = node[1 + classes[*at++]];
        break;
      case REGEX_DFA_SPARSE: {
        if (at == end) return node[0];
        uint32_t byte = *at++, count = node[1];
        reference = REGEX_DFA_DEAD;
        for (uint32_t i = 0; i < count; i++) {
          uint32_t low = node[2 + 2 * i] & 0xff, high = node[2 + 2 * i] >> 8;
          if (byte - low <= high - low) {
            reference = node[3 + 2 * i];
            break;
          }
        }
        break;
      }
      case REGEX_DFA_LITERAL:
        if ((size_t)(end - at) < node[0] || memcmp(at, node + 2, node[0]) != 0) return 0;
        at += node[0];
        reference = node[1];
        break;
      default: /* REGEX_DFA_LOOP */ at = skip_loop(at, end, node[0]); reference = node[1];
    }
  }
  return 0;
}
