#include "regex_dfa_states.h"

#include <string.h>

#include "bits.h"
#include "grow.h"
#include "regex_join.h"
#include "sort.h"

/*
 * Subset construction. A state holds the instructions that wait for a byte, matches, and those assertions which need
 * to see the next byte; assertions that look back are decided when a state is entered. For them and for \b a state
 * also keeps what was there before it, its context, if it has an assertion left that may ask.
 */

#define LOOK_BACK (REGEX_BEGIN_TEXT | REGEX_BEGIN_LINE)
#define AFTER_WORD (1u << 8) /* in a context: the byte before is a word's */

typedef struct subset_builder {
  fp_regex_states *states;
  uint32_t *marks; /* by instruction: the number of the closure that saw it last */
  uint32_t mark;
  uint32_t *stack; /* of a closure, and then the instructions that it has found */
  uint32_t *found;
  uint32_t found_count;
  uint32_t *links; /* outs of the intervals, as lists: out, next */
  uint32_t link_count, link_capacity;
  uint32_t *resolved; /* a state's set with assertions decided */
  uint32_t *matches;
} subset_builder;

/* ---- closures */

static void begin_closure(subset_builder *builder) {
  builder->mark++;
  builder->found_count = 0;
}

/* Follow what needs no byte, from `first`. Of the assertions, `holding` hold; what is in `open` stays undecided. */
static void close_over(subset_builder *builder, uint32_t first, uint32_t holding, uint32_t open) {
  const fp_regex_inst *insts = builder->states->program.insts;
  uint32_t depth = 0;
  if (builder->marks[first] == builder->mark) return;
  builder->marks[first] = builder->mark;
  builder->stack[depth++] = first;
  while (depth > 0) {
    uint32_t number = builder->stack[--depth], targets[2];
    const fp_regex_inst *inst = &insts[number];
    uint32_t count = 0;
    switch ((fp_regex_opcode)inst->op) {
      case REGEX_INST_SPLIT:
        targets[count++] = inst->arg;
        targets[count++] = inst->out;
        break;
      case REGEX_INST_CAPTURE: targets[count++] = inst->out; break;
      case REGEX_INST_ASSERT:
        if (inst->arg & open) {
          builder->found[builder->found_count++] = number;
        } else if (inst->arg & holding) {
          targets[count++] = inst->out;
        }
        break;
      default: builder->found[builder->found_count++] = number;
    }
    for (uint32_t i = 0; i < count; i++) {
      if (builder->marks[targets[i]] == builder->mark) continue;
      builder->marks[targets[i]] = builder->mark;
      builder->stack[depth++] = targets[i];
    }
  }
}

/* ---- transitions */

/* What holds behind `byte` of the assertions that look back, and whether it is a word's, as far as anybody asks. */
static uint32_t context_behind(const subset_builder *builder, uint8_t byte) {
  uint32_t asserts = builder->states->program.asserts, context = 0;
  if (byte == '\n') context |= asserts & REGEX_BEGIN_LINE;
  if ((asserts & (REGEX_WORD_BOUNDARY | REGEX_NOT_WORD_BOUNDARY)) && fp_regex_is_word(byte)) context |= AFTER_WORD;
  return context;
}

/* What holds before a byte (256: the end) in a context. */
static uint32_t holding_before(uint32_t context, uint32_t byte) {
  bool word = byte < 256 && fp_regex_is_word((uint8_t)byte);
  uint32_t holding = context & LOOK_BACK;
  if (byte == 256) holding |= REGEX_END_TEXT | REGEX_END_LINE;
  if (byte == '\n') holding |= REGEX_END_LINE;
  return holding | (word != ((context & AFTER_WORD) != 0) ? REGEX_WORD_BOUNDARY : REGEX_NOT_WORD_BOUNDARY);
}

/* The intervals of bytes that instructions tell apart, and for each the list of where they lead. */
typedef struct intervals {
  uint64_t cuts[5];    /* bits: an interval begins here; the last word is for the end */
  uint32_t before[4];  /* cuts in the words before */
  uint32_t lists[256];
  uint16_t low[257]; /* interval i is low[i] .. low[i + 1) */
  uint32_t count;
} intervals;

static void cut(intervals *to, uint32_t low, uint32_t high) {
  to->cuts[low >> 6] |= UINT64_C(1) << (low & 63);
  to->cuts[(high + 1) >> 6] |= UINT64_C(1) << ((high + 1) & 63);
}

static uint32_t interval_of(const intervals *from, uint32_t byte) {
  uint64_t upto = ~UINT64_C(0) >> (63 - (byte & 63));
  return from->before[byte >> 6] + bit_count(from->cuts[byte >> 6] & upto) - 1;
}

static void cut_intervals(const subset_builder *builder, const uint32_t *set, uint32_t count, intervals *to) {
  const fp_regex_program *program = &builder->states->program;
  memset(to->cuts, 0, sizeof to->cuts);
  cut(to, 0, 255);
  for (uint32_t i = 0; i < count; i++) {
    const fp_regex_inst *inst = &program->insts[set[i]];
    if (inst->op == REGEX_INST_BYTE) cut(to, inst->low, inst->high);
    for (uint32_t j = 0; inst->op == REGEX_INST_RANGES && j < inst->out; j++)
      cut(to, program->ranges[inst->arg + j].low, program->ranges[inst->arg + j].high);
  }
  if (program->asserts != 0) { /* contexts differ, or what holds before the byte */
    cut(to, '\n', '\n');
    cut(to, '0', '9');
    cut(to, 'A', 'Z');
    cut(to, '_', '_');
    cut(to, 'a', 'z');
  }
  to->count = 0;
  for (uint32_t word = 0; word < 4; word++) {
    to->before[word] = to->count;
    for (uint64_t left = to->cuts[word]; left != 0; left &= left - 1) {
      to->lists[to->count] = UINT32_MAX;
      to->low[to->count++] = (uint16_t)(word * 64 + first_bit(left));
    }
  }
  to->low[to->count] = 256;
}

static bool link_range(subset_builder *builder, intervals *to, uint8_t low, uint8_t high, uint32_t out) {
  for (uint32_t i = interval_of(to, low), last = interval_of(to, high); i <= last; i++) {
    if (!fp_grow_to(&builder->links, &builder->link_capacity, (size_t)builder->link_count + 2, sizeof *builder->links))
      return false;
    builder->links[builder->link_count] = out;
    builder->links[builder->link_count + 1] = to->lists[i];
    to->lists[i] = builder->link_count;
    builder->link_count += 2;
  }
  return true;
}

static bool link_set(subset_builder *builder, const uint32_t *set, uint32_t count, intervals *to) {
  const fp_regex_program *program = &builder->states->program;
  bool done = true;
  builder->link_count = 0;
  for (uint32_t i = 0; i < count && done; i++) {
    const fp_regex_inst *inst = &program->insts[set[i]];
    if (inst->op == REGEX_INST_BYTE) done = link_range(builder, to, inst->low, inst->high, inst->out);
    for (uint32_t j = 0; inst->op == REGEX_INST_RANGES && j < inst->out && done; j++) {
      const fp_regex_byte_range *range = &program->ranges[inst->arg + j];
      done = link_range(builder, to, range->low, range->high, range->out);
    }
  }
  return done;
}

static fp_status add_edge(subset_builder *builder, uint32_t first, uint32_t low, uint32_t high, uint32_t target) {
  fp_regex_states *states = builder->states;
  if (states->edge_count > first) {
    fp_regex_edge *last = &states->edges[states->edge_count - 1];
    if (last->target == target && last->high + 1u == low) {
      last->high = (uint8_t)high;
      return FASTPATH_OK;
    }
  }
  if (!fp_grow(states->edges, &states->edge_capacity, states->edge_count)) return FASTPATH_ERR_MEMORY;
  states->edges[states->edge_count++] = (fp_regex_edge){(uint8_t)low, (uint8_t)high, target};
  return FASTPATH_OK;
}

/* Edges for those intervals whose first byte `wanted` says, from the set. */
static fp_status add_edges(subset_builder *builder, const uint32_t *set, uint32_t count, uint32_t first,
                           bool (*wanted)(uint8_t byte)) {
  intervals to;
  cut_intervals(builder, set, count, &to);
  if (!link_set(builder, set, count, &to)) return FASTPATH_ERR_MEMORY;
  uint32_t last_out = UINT32_MAX, last_context = 0, target = 0;
  for (uint32_t i = 0; i < to.count; i++) {
    uint32_t list = to.lists[i], context = context_behind(builder, (uint8_t)to.low[i]);
    if (list == UINT32_MAX || (wanted != NULL && !wanted((uint8_t)to.low[i]))) continue;
    bool single = builder->links[list + 1] == UINT32_MAX;
    if (!single || builder->links[list] != last_out || context != last_context) {
      begin_closure(builder);
      for (; list != UINT32_MAX; list = builder->links[list + 1])
        close_over(builder, builder->links[list], context & LOOK_BACK, ~(uint32_t)LOOK_BACK);
      last_out = single ? builder->links[to.lists[i]] : UINT32_MAX;
      last_context = context;
      if (builder->found_count == 0) {
        last_out = UINT32_MAX;
        continue;
      }
      fp_status status = fp_regex_states_add(builder->states, builder->found, builder->found_count, context, &target);
      if (status != FASTPATH_OK) return status;
    }
    fp_status status = add_edge(builder, first, to.low[i], to.low[i + 1] - 1u, target);
    if (status != FASTPATH_OK) return status;
  }
  return FASTPATH_OK;
}

static bool is_newline(uint8_t byte) { return byte == '\n'; }
static bool is_word_byte(uint8_t byte) { return fp_regex_is_word(byte); }
static bool is_other(uint8_t byte) { return byte != '\n' && !fp_regex_is_word(byte); }

/* The state's set, its assertions decided for a following `byte`, goes to builder->resolved. */
static uint32_t resolve(subset_builder *builder, const fp_regex_state *state, uint32_t byte) {
  const fp_regex_states *states = builder->states;
  begin_closure(builder);
  for (uint32_t i = 0; i < state->set_count; i++)
    close_over(builder, states->sets[state->set + i], holding_before(state->context, byte), 0);
  memcpy(builder->resolved, builder->found, builder->found_count * sizeof *builder->found);
  return builder->found_count;
}

static fp_status find_matches(subset_builder *builder, const uint32_t *set, uint32_t count, uint32_t *list) {
  const fp_regex_inst *insts = builder->states->program.insts;
  uint32_t matches = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (insts[set[i]].op == REGEX_INST_MATCH) builder->matches[matches++] = insts[set[i]].arg;
  }
  return fp_regex_states_accept(builder->states, builder->matches, matches, list);
}

static bool has_assert(const fp_regex_states *states, const fp_regex_state *state) {
  for (uint32_t i = 0; i < state->set_count; i++) {
    if (states->program.insts[states->sets[state->set + i]].op == REGEX_INST_ASSERT) return true;
  }
  return false;
}

static int compare_edges(const void *a, const void *b, const void *context) {
  const fp_regex_edge *left = a, *right = b;
  (void)context;
  return (int)left->low - (int)right->low;
}

static fp_status explore(subset_builder *builder, uint32_t number) {
  fp_regex_states *states = builder->states;
  fp_regex_state state = states->states[number];
  uint32_t first = states->edge_count, count = state.set_count;
  bool asserts = has_assert(states, &state);
  fp_status status = FASTPATH_OK;
  if (asserts) {
    static const struct {
      bool (*wanted)(uint8_t byte);
      uint8_t example;
    } kinds[] = {{is_newline, '\n'}, {is_word_byte, 'a'}, {is_other, ' '}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && status == FASTPATH_OK; i++) {
      count = resolve(builder, &state, kinds[i].example);
      status = add_edges(builder, builder->resolved, count, first, kinds[i].wanted);
    }
    if (states->edge_count > first)
      fp_sort(states->edges + first, states->edge_count - first, sizeof *states->edges, compare_edges, NULL);
    count = resolve(builder, &state, 256);
  } else {
    if (count > 0) memcpy(builder->resolved, states->sets + state.set, count * sizeof *builder->resolved);
    status = add_edges(builder, builder->resolved, count, first, NULL);
  }
  if (status != FASTPATH_OK) return status;
  states->states[number].edge = first;
  states->states[number].edge_count = states->edge_count - first;
  return find_matches(builder, builder->resolved, count, &states->states[number].accept);
}

/* ---- the whole */

static fp_status build(subset_builder *builder) {
  fp_regex_states *states = builder->states;
  uint32_t number, context = LOOK_BACK;
  /* Arrays that stay empty are there all the same, so that there are addresses in them. */
  if (!fp_grow(states->accepts, &states->accept_capacity, 0) || !fp_grow(states->sets, &states->set_capacity, 0) ||
      !fp_grow(states->edges, &states->edge_capacity, 0))
    return FASTPATH_ERR_MEMORY;
  states->accepts[states->accept_count++] = 0; /* the empty list */
  begin_closure(builder);
  close_over(builder, states->program.start, LOOK_BACK, ~(uint32_t)LOOK_BACK);
  fp_status status = fp_regex_states_add(states, builder->found, builder->found_count, context, &number);
  for (uint32_t i = 0; status == FASTPATH_OK && i < states->state_count; i++) status = explore(builder, i);
  return status;
}

fp_status fp_regex_states_find(fp_regex_states *states, const fp_regex_program *const *programs, const uint32_t *ids,
                               size_t count, const fp_regex_dfa_limits *limits) {
  fp_status status = FASTPATH_ERR_MEMORY;
  subset_builder builder = {.states = states};
  states->limits = limits;
  if (fp_regex_join(programs, ids, count, &states->program)) {
    /* One block: marks, stack, found, resolved, matches. A closure pushes an instruction once. */
    size_t insts = states->program.inst_count;
    uint32_t *block = fp_memory_alloc((insts + 1) * 5 * sizeof *block);
    if (block != NULL) {
      memset(block, 0, insts * sizeof *block);
      builder.marks = block;
      builder.stack = block + insts;
      builder.found = block + 2 * insts;
      builder.resolved = block + 3 * insts;
      builder.matches = block + 4 * insts;
      status = build(&builder);
    }
    fp_memory_free(block);
  }
  fp_memory_free(builder.links);
  return status;
}
