#include "regex_program.h"

#include "error.h"
#include "grow.h"

/*
 * The program is written from its end: a node is compiled knowing the instruction that follows it, so that nothing is
 * patched but loops. What a recursion would keep on the stack is in frames, a copy of a repeated part in each of its
 * visits.
 */

#define NONE UINT32_MAX

typedef struct frame {
  uint32_t node;
  uint32_t next;  /* where the node continues */
  uint32_t entry; /* of what is compiled so far */
  uint32_t left;  /* children or repetitions still to compile */
  uint32_t loop;  /* the SPLIT of a loop; NONE when there is none */
} frame;

typedef struct regex_compiler {
  const fp_regex_ast *ast;
  const fp_regex_limits *limits;
  fp_regex_program *program;
  fp_error *error;
  frame *frames;
  uint32_t count, capacity;
  uint64_t steps; /* visits: a part that needs no instruction may still be repeated */
  uint32_t entry; /* of the node compiled last */
} regex_compiler;

static fp_status enter(regex_compiler *compiler, uint32_t node, uint32_t next) {
  const fp_regex_program *program = compiler->program;
  uint64_t limit = compiler->limits->max_instructions;
  if ((uint64_t)program->inst_count + program->range_count > limit || compiler->steps++ > 4 * limit + 1000)
    return fp_error_set(compiler->error, FASTPATH_ERR_CONFIG_REGEX, 0, 0,
                        "regular expression is too large: its program would pass %u instructions", (unsigned)limit);
  if (!fp_grow(compiler->frames, &compiler->capacity, compiler->count)) return FASTPATH_ERR_MEMORY;
  compiler->frames[compiler->count++] = (frame){node, next, next, NONE, NONE};
  return FASTPATH_OK;
}

static fp_status emit(regex_compiler *compiler, fp_regex_inst inst, uint32_t *number) {
  return fp_regex_emit(compiler->program, inst, number) ? FASTPATH_OK : FASTPATH_ERR_MEMORY;
}

/* A choice between `more` and `rest`, the first preferred unless lazy. */
static fp_regex_inst split(const fp_regex_node *node, uint32_t more, uint32_t rest) {
  return (fp_regex_inst){REGEX_INST_SPLIT, 0, 0, node->lazy ? rest : more, node->lazy ? more : rest};
}

static fp_status compile_literal(regex_compiler *compiler, const fp_regex_node *node, frame *top) {
  fp_regex_range range = {node->first, node->first};
  return fp_regex_emit_class(compiler->program, &range, 1, top->next, &top->entry) ? FASTPATH_OK : FASTPATH_ERR_MEMORY;
}

/* Children from the last to the first; in an alternation the entry is a chain of choices. */
static fp_status compile_list(regex_compiler *compiler, const fp_regex_node *node, frame *top, bool *done) {
  if (top->left == NONE) {
    top->left = node->count;
  } else if (node->op == REGEX_CONCAT) {
    top->next = top->entry = compiler->entry;
  } else if (top->left + 1 == node->count) {
    top->entry = compiler->entry;
  } else {
    fp_status status =
        emit(compiler, (fp_regex_inst){REGEX_INST_SPLIT, 0, 0, compiler->entry, top->entry}, &top->entry);
    if (status < 0) return status;
  }
  *done = top->left == 0;
  return *done ? FASTPATH_OK : enter(compiler, compiler->ast->children[node->first + --top->left], top->next);
}

static fp_status compile_capture(regex_compiler *compiler, const fp_regex_node *node, frame *top, bool *done) {
  uint32_t end;
  fp_regex_inst inst = {REGEX_INST_CAPTURE, 0, 0, top->next, 2 * node->count + 1};
  *done = top->left == 0;
  if (*done)
    return emit(compiler, (fp_regex_inst){REGEX_INST_CAPTURE, 0, 0, compiler->entry, 2 * node->count}, &top->entry);
  top->left = 0;
  fp_status status = emit(compiler, inst, &end);
  return status < 0 ? status : enter(compiler, node->first, end);
}

/*
 * x{2,}   x x+             x+ is x followed by a SPLIT back to it
 * x{2,4}  x x (x (x)?)?
 * x*      a SPLIT to x, which comes back; when x may be empty it is (x+)?, which keeps the order of preference
 */
static fp_status compile_repeat(regex_compiler *compiler, const fp_regex_node *node, frame *top, bool *done) {
  fp_regex_program *program = compiler->program;
  const fp_regex_node *child = &compiler->ast->nodes[node->first];
  bool open = node->max == REGEX_UNBOUNDED, star = open && node->min == 0;
  fp_status status = FASTPATH_OK;
  if (top->left == NONE) {
    top->left = open ? (node->min > 1 ? node->min : 1u) : node->max;
    if (open) {
      status = emit(compiler, split(node, top->next, top->next), &top->loop);
      if (status < 0) return status;
      top->entry = top->loop;
    }
  } else {
    bool optional = !open && top->left >= node->min; /* copies are compiled from the last to the first */
    uint32_t entry = compiler->entry;
    if (top->loop != NONE) { /* this was the body of the loop */
      program->insts[top->loop] = split(node, entry, top->next);
      if (star && !child->nullable) entry = top->loop;
      optional = star && child->nullable;
      top->loop = NONE;
    }
    if (optional) status = emit(compiler, split(node, entry, top->next), &entry);
    if (status < 0) return status;
    top->entry = entry;
  }
  *done = top->left == 0;
  if (*done) return FASTPATH_OK;
  top->left--;
  return enter(compiler, node->first, top->entry);
}

/* One step with the node on top, which is left when it is `done`. A pointer to it does not outlive `enter`. */
static fp_status step(regex_compiler *compiler) {
  frame *top = &compiler->frames[compiler->count - 1], work = *top;
  uint32_t at = compiler->count - 1;
  const fp_regex_node *node = &compiler->ast->nodes[top->node];
  fp_status status = FASTPATH_OK;
  bool done = true;
  switch ((fp_regex_op)node->op) {
    case REGEX_EMPTY: break;
    case REGEX_LITERAL: status = compile_literal(compiler, node, &work); break;
    case REGEX_CLASS:
      if (!fp_regex_emit_class(compiler->program, compiler->ast->ranges + node->first, node->count, work.next,
                               &work.entry))
        status = FASTPATH_ERR_MEMORY;
      break;
    case REGEX_BYTE:
      status = emit(compiler, (fp_regex_inst){REGEX_INST_BYTE, 0, 0xff, work.next, 0}, &work.entry);
      break;
    case REGEX_ASSERT:
      compiler->program->asserts |= node->first;
      status = emit(compiler, (fp_regex_inst){REGEX_INST_ASSERT, 0, 0, work.next, node->first}, &work.entry);
      break;
    case REGEX_CAPTURE: status = compile_capture(compiler, node, &work, &done); break;
    case REGEX_REPEAT: status = compile_repeat(compiler, node, &work, &done); break;
    case REGEX_CONCAT:
    case REGEX_ALTERNATE: status = compile_list(compiler, node, &work, &done); break;
  }
  if (status < 0) return status;
  compiler->frames[at] = work;
  if (done) {
    compiler->entry = work.entry;
    compiler->count--;
  }
  return FASTPATH_OK;
}

fp_status fp_regex_compile(const fp_regex_ast *ast, const fp_regex_limits *limits, fp_regex_program *program,
                           fp_error *error) {
  uint32_t match;
  program->latin1 = limits->encoding == FASTPATH_REGEX_LATIN1;
  regex_compiler compiler = {.ast = ast, .limits = limits, .program = program, .error = error};
  if (!fp_grow(program->ranges, &program->range_capacity, 0)) return FASTPATH_ERR_MEMORY; /* not NULL when empty */
  fp_status status = emit(&compiler, (fp_regex_inst){.op = REGEX_INST_MATCH}, &match);
  if (status >= 0) status = enter(&compiler, ast->root, match);
  while (status >= 0 && compiler.count > 0) status = step(&compiler);
  program->start = compiler.entry;
  fp_memory_free(compiler.frames);
  if (status == FASTPATH_ERR_MEMORY) return fp_error_set(error, status, 0, SIZE_MAX, "out of memory");
  return status;
}

void fp_regex_program_clear(fp_regex_program *program) {
  fp_memory_free(program->insts);
  fp_memory_free(program->ranges);
  *program = (fp_regex_program){.insts = NULL};
}
