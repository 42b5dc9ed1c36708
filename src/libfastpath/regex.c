#include "regex.h"

#include <string.h>

#include "error.h"
#include "memory.h"

void fp_regex_limits_default(fp_regex_limits *limits) {
  *limits = (fp_regex_limits){.encoding = FASTPATH_REGEX_UTF8,
                              .max_pattern = 1 << 20,
                              .max_nesting = 1000,
                              .max_instructions = 350000,
                              .max_dfa_states = 10000,
                              .max_dfa_bytes = 1 << 20,
                              .max_set_bytes = (size_t)256 << 20};
}

/* The pattern is kept, with where the groups' names stand in it. */
static fp_status keep_pattern(fp_regex *regex, const uint8_t *pattern, size_t len, fp_regex_ast *ast) {
  regex->pattern = fp_memory_alloc(len + 1);
  if (regex->pattern == NULL) return FASTPATH_ERR_MEMORY;
  if (len > 0) memcpy(regex->pattern, pattern, len);
  regex->pattern_len = len;
  regex->group_count = ast->group_count;
  regex->names = ast->names;
  ast->names = NULL;
  return FASTPATH_OK;
}

/* Without a DFA the prefix is what the program's first instructions say. */
static fp_status find_prefix(fp_regex *regex) {
  const fp_regex_inst *insts = regex->program.insts;
  uint32_t at = regex->program.start, len = 0;
  for (int pass = 0; pass < 2; pass++) {
    at = regex->program.start;
    len = 0;
    for (;; at = insts[at].out) {
      const fp_regex_inst *inst = &insts[at];
      bool passed = inst->op == REGEX_INST_CAPTURE ||
                    (inst->op == REGEX_INST_ASSERT && len == 0 && (inst->arg & (REGEX_BEGIN_TEXT | REGEX_BEGIN_LINE)));
      if (passed) continue;
      if (inst->op != REGEX_INST_BYTE || inst->low != inst->high) break;
      if (pass == 1) regex->prefix[len] = inst->low;
      len++;
    }
    if (len == 0) break;
    if (pass == 0) regex->prefix = fp_memory_alloc(len);
    if (regex->prefix == NULL) return FASTPATH_ERR_MEMORY;
  }
  regex->prefix_len = len;
  return FASTPATH_OK;
}

static void add_first(fp_regex *regex, uint32_t low, uint32_t high) {
  for (uint32_t byte = low; byte <= high; byte++) regex->first[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

/* Where a search can begin: what the program reaches without a byte. */
static fp_status find_first(fp_regex *regex) {
  const fp_regex_program *program = &regex->program;
  uint32_t count = program->inst_count, depth = 0, *stack = fp_memory_alloc((size_t)count * 2 * sizeof *stack);
  if (stack == NULL) return FASTPATH_ERR_MEMORY;
  uint32_t *seen = stack + count;
  memset(seen, 0, count * sizeof *seen);
  regex->anchored = true; /* until a way is found that does not lead over ^ */
  stack[depth++] = program->start;
  seen[program->start] = 1;
  while (depth > 0) {
    const fp_regex_inst *inst = &program->insts[stack[--depth]];
    uint32_t next[2], targets = 0;
    switch ((fp_regex_opcode)inst->op) {
      case REGEX_INST_SPLIT:
        next[targets++] = inst->out;
        next[targets++] = inst->arg;
        break;
      case REGEX_INST_ASSERT:
        if (inst->arg != REGEX_BEGIN_TEXT) next[targets++] = inst->out;
        break;
      case REGEX_INST_CAPTURE: next[targets++] = inst->out; break;
      case REGEX_INST_MATCH:
        regex->begins_anywhere = true;
        regex->anchored = false;
        break;
      case REGEX_INST_BYTE:
        add_first(regex, inst->low, inst->high);
        regex->anchored = false;
        break;
      case REGEX_INST_RANGES:
        for (uint32_t i = 0; i < inst->out; i++)
          add_first(regex, program->ranges[inst->arg + i].low, program->ranges[inst->arg + i].high);
        if (inst->out > 0) regex->anchored = false;
        break;
    }
    for (uint32_t i = 0; i < targets; i++) {
      if (seen[next[i]]) continue;
      seen[next[i]] = 1;
      stack[depth++] = next[i];
    }
  }
  fp_memory_free(stack);
  return FASTPATH_OK;
}

static fp_status build(fp_regex *regex, const uint8_t *pattern, size_t len, const fp_regex_limits *limits,
                       fp_error *error) {
  fp_regex_ast ast = {.nodes = NULL};
  fp_status status = fp_regex_parse(pattern, len, limits, &ast, error);
  if (status >= 0) status = fp_regex_compile(&ast, limits, &regex->program, error);
  if (status >= 0) status = keep_pattern(regex, pattern, len, &ast);
  fp_regex_ast_clear(&ast);
  if (status < 0) return status;
  const fp_regex_program *program = &regex->program;
  const fp_regex_dfa_limits dfa_limits = {limits->max_dfa_states, limits->max_dfa_bytes};
  const uint32_t id = 0;
  status = fp_regex_dfa_new(&program, &id, 1, &dfa_limits, &regex->dfa);
  if (status == FASTPATH_NONE) status = find_prefix(regex);
  return status < 0 ? status : find_first(regex);
}

fp_status fp_regex_new(const uint8_t *pattern, size_t len, const fp_regex_limits *limits, fp_regex **regex,
                       fp_error *error) {
  fp_regex_limits defaults;
  if (limits == NULL) {
    fp_regex_limits_default(&defaults);
    limits = &defaults;
  }
  if (limits->encoding > FASTPATH_REGEX_LATIN1)
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, SIZE_MAX, "no such encoding");
  if (len > limits->max_pattern)
    return fp_error_set(error, FASTPATH_ERR_CONFIG_REGEX, 0, limits->max_pattern,
                        "regular expression is longer than %u bytes", (unsigned)limits->max_pattern);
  fp_regex *made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, SIZE_MAX, "out of memory");
  *made = (fp_regex){.references = 1};
  fp_status status = build(made, pattern, len, limits, error);
  if (status == FASTPATH_ERR_MEMORY) fp_error_set(error, status, 0, SIZE_MAX, "out of memory");
  if (status < 0) {
    fp_regex_unref(made);
    return status;
  }
  *regex = made;
  return FASTPATH_OK;
}

fp_regex *fp_regex_ref(fp_regex *regex) {
  atomic_fetch_add_explicit(&regex->references, 1, memory_order_relaxed);
  return regex;
}

void fp_regex_unref(fp_regex *regex) {
  if (regex == NULL || atomic_fetch_sub_explicit(&regex->references, 1, memory_order_acq_rel) != 1) return;
  fp_regex_program_clear(&regex->program);
  fp_regex_dfa_free(regex->dfa);
  fp_memory_free(regex->pattern);
  fp_memory_free(regex->prefix);
  fp_memory_free(regex->names);
  fp_memory_free(regex);
}

fp_span fp_regex_pattern(const fp_regex *regex) { return (fp_span){regex->pattern, regex->pattern_len}; }

size_t fp_regex_size(const fp_regex *regex) {
  return sizeof *regex + regex->pattern_len + 1 + regex->prefix_len +
         (size_t)regex->program.inst_capacity * sizeof *regex->program.insts +
         (size_t)regex->program.range_capacity * sizeof *regex->program.ranges +
         (size_t)regex->group_count * sizeof *regex->names + (regex->dfa != NULL ? fp_regex_dfa_size(regex->dfa) : 0);
}

uint32_t fp_regex_program_size(const fp_regex *regex) { return regex->program.inst_count; }

uint32_t fp_regex_group_count(const fp_regex *regex) { return regex->group_count; }

fp_span fp_regex_group_name(const fp_regex *regex, uint32_t index) {
  if (index == 0 || index > regex->group_count || regex->names[index - 1].len == 0) return (fp_span){NULL, 0};
  return (fp_span){regex->pattern + regex->names[index - 1].offset, regex->names[index - 1].len};
}

fp_span fp_regex_literal_prefix(const fp_regex *regex) {
  if (regex->dfa != NULL) return (fp_span){regex->dfa->prefix, regex->dfa->prefix_len};
  return (fp_span){regex->prefix, regex->prefix_len};
}

int fp_regex_is_literal(const fp_regex *regex) { return regex->dfa != NULL && regex->dfa->literal; }

fp_status fp_regex_full_match(const fp_regex *regex, const uint8_t *text, size_t len) {
  if (regex->dfa == NULL) return fp_regex_run(&regex->program, text, len);
  return fp_regex_dfa_match(regex->dfa, text, len) != 0 ? FASTPATH_OK : FASTPATH_NONE;
}
