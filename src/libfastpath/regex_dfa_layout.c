#include "regex_dfa_layout.h"

#include <string.h>

#include "memory.h"

/*
 * States from which nothing can match any more are left out, chains of single bytes become one node, and bytes that no
 * dense node tells apart become one class.
 */

#define ABSENT UINT32_MAX

typedef struct node_layout {
  fp_regex_states *states;
  fp_regex_dfa *dfa;
  uint8_t *live;       /* by state: a match can be reached */
  uint8_t *inner;      /* by state: it stands in a chain of single bytes, behind the first */
  uint32_t *into;      /* how many edges from live states lead there */
  uint32_t *reference; /* to its node; ABSENT inside of a chain */
  uint32_t *work;
  uint32_t class_count;
  uint8_t class_byte[256]; /* a byte of each class */
} node_layout;

static const fp_regex_edge *edges_of(const node_layout *layout, uint32_t state) {
  return layout->states->edges + layout->states->states[state].edge;
}

static uint32_t edge_count(const node_layout *layout, uint32_t state) {
  return layout->states->states[state].edge_count;
}

/* ---- what is live */

/* Edges to states that are not live go, in place. Marks spread against the edges, from the states that accept. */
static bool find_live(node_layout *layout) {
  fp_regex_states *states = layout->states;
  uint32_t count = states->state_count, depth = 0;
  uint32_t *first = fp_memory_alloc(((size_t)count + 2 + states->edge_count) * sizeof *first);
  if (first == NULL) return false;
  uint32_t *sources = first + count + 2;
  memset(first, 0, ((size_t)count + 2) * sizeof *first);
  for (uint32_t i = 0; i < states->edge_count; i++) first[states->edges[i].target + 2]++;
  for (uint32_t i = 2; i < count + 2; i++) first[i] += first[i - 1];
  for (uint32_t state = 0; state < count; state++) {
    for (uint32_t i = 0; i < edge_count(layout, state); i++)
      sources[first[edges_of(layout, state)[i].target + 1]++] = state;
  }
  for (uint32_t state = 0; state < count; state++) {
    layout->live[state] = states->states[state].accept != 0;
    if (layout->live[state]) layout->work[depth++] = state;
  }
  while (depth > 0) {
    uint32_t state = layout->work[--depth];
    for (uint32_t i = first[state]; i < first[state + 1]; i++) {
      if (layout->live[sources[i]]) continue;
      layout->live[sources[i]] = 1;
      layout->work[depth++] = sources[i];
    }
  }
  fp_memory_free(first);
  for (uint32_t state = 0; state < count; state++) {
    fp_regex_state *own = &states->states[state];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < own->edge_count; i++) {
      fp_regex_edge edge = states->edges[own->edge + i];
      if (!layout->live[state] || !layout->live[edge.target]) continue;
      states->edges[own->edge + kept++] = edge;
      layout->into[edge.target]++;
    }
    own->edge_count = kept;
  }
  return true;
}

/* ---- shapes of nodes */

static bool is_single(const node_layout *layout, uint32_t state) {
  const fp_regex_edge *edge = edges_of(layout, state);
  return layout->states->states[state].accept == 0 && edge_count(layout, state) == 1 && edge->low == edge->high;
}

static void find_inner(node_layout *layout) {
  for (uint32_t state = 0; state < layout->states->state_count; state++) {
    if (!is_single(layout, state)) continue;
    uint32_t target = edges_of(layout, state)->target;
    if (target != 0 && layout->into[target] == 1 && is_single(layout, target)) layout->inner[target] = 1;
  }
}

/* How many bytes in a row must come from here, and the state behind them. */
static uint32_t chain(const node_layout *layout, uint32_t state, uint32_t *end) {
  uint32_t len = 0;
  do {
    state = edges_of(layout, state)->target;
    len++;
  } while (layout->inner[state]);
  *end = state;
  return len;
}

/* Do all of 0x20 .. 0x7f but one at most lead back to the state? *leaving is that one, or 0. */
static bool is_loop(const node_layout *layout, uint32_t state, uint32_t *leaving) {
  uint32_t next = 0x20;
  *leaving = 0;
  for (uint32_t i = 0; i < edge_count(layout, state) && next < 0x80; i++) {
    const fp_regex_edge *edge = &edges_of(layout, state)[i];
    if (edge->target != state || edge->high < next) continue;
    if (edge->low > next + 1 || (edge->low == next + 1 && *leaving != 0)) return false;
    if (edge->low == next + 1) *leaving = next;
    next = edge->high + 1u;
  }
  if (next == 0x7f && *leaving == 0) *leaving = next++;
  return next >= 0x80;
}

static bool is_sparse(const node_layout *layout, uint32_t state) {
  return 4 * (2 + 2 * edge_count(layout, state)) <= 1 + layout->class_count;
}

static uint32_t node_words(const node_layout *layout, uint32_t state) {
  return is_sparse(layout, state) ? 2 + 2 * edge_count(layout, state) : 1 + layout->class_count;
}

/* ---- classes */

/* Where the bytes low[0 .. count), ascending, lead from a state. */
static void find_targets(const node_layout *layout, uint32_t state, const uint8_t *low, uint32_t count,
                         uint32_t *targets) {
  const fp_regex_edge *edge = edges_of(layout, state), *end = edge + edge_count(layout, state);
  for (uint32_t i = 0; i < count; i++) {
    while (edge < end && edge->high < low[i]) edge++;
    targets[i] = edge < end && edge->low <= low[i] ? edge->target : ABSENT;
  }
}

/* Are the intervals of each class alike in every state? */
static bool are_alike(const node_layout *layout, const uint8_t *low, uint32_t count, const uint8_t *first) {
  uint32_t targets[256];
  for (uint32_t state = 0; state < layout->states->state_count; state++) {
    if (is_single(layout, state)) continue;
    find_targets(layout, state, low, count, targets);
    for (uint32_t i = 0; i < count; i++) {
      if (targets[i] != targets[first[i]]) return false;
    }
  }
  return true;
}

/*
 * Bytes that no state tells apart get one class. Each interval between two ends of edges has a hash of where it leads
 * from all states, a sum; equal sums are compared in full.
 */
static void find_classes(node_layout *layout) {
  const fp_regex_states *states = layout->states;
  uint64_t sums[257] = {0};
  uint8_t differs[257] = {1}, low[256], first[256];
  uint32_t count = 0;
  for (uint32_t state = 0; state < states->state_count; state++) {
    if (is_single(layout, state)) continue;
    uint64_t salt = (state + 1) * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < edge_count(layout, state); i++) {
      const fp_regex_edge *edge = &edges_of(layout, state)[i];
      uint64_t mixed = (salt ^ edge->target) * UINT64_C(0xc2b2ae3d27d4eb4f);
      mixed ^= mixed >> 31;
      sums[edge->low] += mixed;
      sums[edge->high + 1] -= mixed;
      differs[edge->low] = differs[edge->high + 1] = 1;
    }
  }
  for (uint32_t byte = 0; byte < 256; byte++) {
    if (byte > 0) sums[byte] += sums[byte - 1];
    if (!differs[byte]) continue;
    uint32_t same = 0;
    while (same < count && sums[low[same]] != sums[byte]) same++;
    low[count] = (uint8_t)byte;
    first[count] = (uint8_t)same;
    count++;
  }
  bool joined = are_alike(layout, low, count, first);
  layout->class_count = 0;
  uint8_t class_of[256];
  for (uint32_t i = 0; i < count; i++) {
    bool own = !joined || first[i] == i;
    class_of[i] = own ? (uint8_t)layout->class_count : class_of[first[i]];
    if (own) layout->class_byte[layout->class_count++] = low[i];
    for (uint32_t byte = low[i]; byte < (i + 1 < count ? low[i + 1] : 256u); byte++)
      layout->dfa->classes[byte] = class_of[i];
  }
}

/* ---- nodes */

static bool place(node_layout *layout, uint64_t *words) {
  uint64_t at = 1; /* the word at 0 is no node: REGEX_DFA_DEAD refers to it */
  for (uint32_t state = 0; state < layout->states->state_count; state++) {
    uint32_t end, leaving;
    layout->reference[state] = ABSENT;
    if (!layout->live[state] || layout->inner[state]) continue;
    if (at >= UINT32_C(1) << 30) return false;
    if (is_single(layout, state)) {
      layout->reference[state] = (uint32_t)at << REGEX_DFA_KIND_BITS | REGEX_DFA_LITERAL;
      at += 2 + (chain(layout, state, &end) + 3) / 4;
      continue;
    }
    bool loop = is_loop(layout, state, &leaving);
    uint32_t kind = loop ? REGEX_DFA_LOOP : is_sparse(layout, state) ? REGEX_DFA_SPARSE : REGEX_DFA_DENSE;
    layout->reference[state] = (uint32_t)at << REGEX_DFA_KIND_BITS | kind;
    at += (loop ? 2 : 0) + node_words(layout, state);
  }
  *words = at;
  return at < UINT32_C(1) << 30;
}

static uint32_t reference_to(const node_layout *layout, uint32_t state) {
  return state == ABSENT ? REGEX_DFA_DEAD : layout->reference[state];
}

static void write_literal(node_layout *layout, uint32_t state, uint32_t *code) {
  uint32_t end, len = chain(layout, state, &end);
  uint8_t *bytes = (uint8_t *)(code + 2);
  code[0] = len;
  code[1] = reference_to(layout, end);
  for (uint32_t i = 0; i < len; i++) {
    bytes[i] = edges_of(layout, state)->low;
    state = edges_of(layout, state)->target;
  }
}

static void write_node(node_layout *layout, uint32_t state, uint32_t *code) {
  uint32_t leaving, count = edge_count(layout, state);
  bool sparse = is_sparse(layout, state);
  if (is_loop(layout, state, &leaving)) {
    uint32_t at = (layout->reference[state] >> REGEX_DFA_KIND_BITS) + 2;
    code[0] = leaving;
    code[1] = at << REGEX_DFA_KIND_BITS | (sparse ? REGEX_DFA_SPARSE : REGEX_DFA_DENSE);
    code += 2;
  }
  code[0] = layout->states->states[state].accept;
  if (sparse) {
    code[1] = count;
    for (uint32_t i = 0; i < count; i++) {
      const fp_regex_edge *edge = &edges_of(layout, state)[i];
      code[2 + 2 * i] = edge->low | (uint32_t)edge->high << 8;
      code[3 + 2 * i] = reference_to(layout, edge->target);
    }
    return;
  }
  uint32_t targets[256];
  find_targets(layout, state, layout->class_byte, layout->class_count, targets);
  for (uint32_t i = 0; i < layout->class_count; i++) code[1 + i] = reference_to(layout, targets[i]);
}

/* The bytes that every match begins with, and whether there is nothing more to one. */
static bool find_prefix(node_layout *layout) {
  fp_regex_dfa *dfa = layout->dfa;
  uint32_t state = 0, len = 0;
  for (; is_single(layout, state); len++) state = edges_of(layout, state)->target;
  dfa->literal = layout->live[state] && edge_count(layout, state) == 0;
  dfa->prefix_len = len;
  if (len == 0) return true;
  dfa->prefix = fp_memory_alloc(len);
  if (dfa->prefix == NULL) return false;
  state = 0;
  for (uint32_t i = 0; i < len; i++) {
    dfa->prefix[i] = edges_of(layout, state)->low;
    state = edges_of(layout, state)->target;
  }
  return true;
}

static fp_status write_nodes(node_layout *layout, size_t max_bytes) {
  fp_regex_states *states = layout->states;
  fp_regex_dfa *dfa = layout->dfa;
  uint64_t words;
  if (!find_live(layout)) return FASTPATH_ERR_MEMORY;
  find_inner(layout);
  find_classes(layout);
  if (!place(layout, &words) || (words + states->accept_count) * sizeof *dfa->code > max_bytes) return FASTPATH_NONE;
  dfa->code = fp_memory_alloc(words * sizeof *dfa->code);
  if (dfa->code == NULL || !find_prefix(layout)) return FASTPATH_ERR_MEMORY;
  memset(dfa->code, 0, words * sizeof *dfa->code);
  dfa->code_count = (uint32_t)words;
  for (uint32_t state = 0; state < states->state_count; state++) {
    if (layout->reference[state] == ABSENT) continue;
    uint32_t *code = dfa->code + (layout->reference[state] >> REGEX_DFA_KIND_BITS);
    if (is_single(layout, state)) {
      write_literal(layout, state, code);
    } else {
      write_node(layout, state, code);
    }
  }
  dfa->start = layout->live[0] ? layout->reference[0] : REGEX_DFA_DEAD;
  dfa->accepts = states->accepts;
  dfa->accept_count = states->accept_count;
  states->accepts = NULL;
  return FASTPATH_OK;
}

fp_status fp_regex_dfa_lay_out(fp_regex_states *states, size_t max_bytes, fp_regex_dfa *dfa) {
  size_t count = states->state_count;
  node_layout layout = {.states = states, .dfa = dfa};
  uint32_t *block = fp_memory_alloc(count * (3 * sizeof *block + 2));
  fp_status status = FASTPATH_ERR_MEMORY;
  if (block != NULL) {
    layout.into = block;
    layout.reference = block + count;
    layout.work = block + 2 * count;
    layout.live = (uint8_t *)(block + 3 * count);
    layout.inner = layout.live + count;
    memset(layout.into, 0, count * sizeof *block);
    memset(layout.inner, 0, count);
    status = write_nodes(&layout, max_bytes);
  }
  fp_memory_free(block);
  return status;
}
