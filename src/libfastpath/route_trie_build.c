/* Building a trie: top down, each step splits the keys that share a beginning by their next byte. */
#include "memory.h"
#include "route_trie_node.h"
#include "sort.h"

static inline uint32_t lower(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Keys lo .. hi-1 share `depth` bytes and wait to become the subtree of `node`. */
typedef struct {
  size_t lo;
  size_t hi;
  uint32_t depth;
  uint32_t node;
  uint32_t best; /* lowest rank of the prefixes above: a key with a higher one can never win */
} task;

typedef struct {
  fp_route_trie_key *keys;
  fp_route_trie_node *nodes;
  size_t node_count, node_room;
  uint8_t *maps;
  size_t map_count, map_room;
  task *tasks;
  size_t task_count, task_room;
  uint32_t *lists;
  size_t list_words, list_room;
  fp_route_trie_shadows *shadows;
  bool tokens;
  bool conditional; /* some keys are */
  uint32_t lowest;  /* rank of all keys */
} builder;

/* Makes room for `more` items after `count`, at least doubling. */
static fp_status reserve(void **items, size_t *room, size_t count, size_t more, size_t item_size) {
  size_t wanted = *room < 16 ? 16 : *room;
  void *resized;
  if (count + more <= *room) return FASTPATH_OK;
  while (wanted < count + more) {
    if (wanted > SIZE_MAX / 2 / item_size) return FASTPATH_ERR_OVERFLOW;
    wanted *= 2;
  }
  resized = fp_memory_resize(*items, wanted * item_size);
  if (resized == NULL) return FASTPATH_ERR_MEMORY;
  *items = resized;
  *room = wanted;
  return FASTPATH_OK;
}

static fp_status add_nodes(builder *build, size_t count, uint32_t *first) {
  void *nodes = build->nodes;
  const fp_status status = reserve(&nodes, &build->node_room, build->node_count, count, sizeof *build->nodes);
  build->nodes = nodes;
  if (status < 0) return status;
  if (build->node_count + count > UINT32_MAX) return FASTPATH_ERR_OVERFLOW;
  *first = (uint32_t)build->node_count;
  for (size_t i = 0; i < count; i++) {
    fp_route_trie_node *node = &build->nodes[build->node_count++];
    memset(node, 0, sizeof *node);
    node->prefix = node->exact = FP_ROUTE_TRIE_NONE;
  }
  return FASTPATH_OK;
}

static fp_status add_map(builder *build, uint64_t *offset) {
  void *maps = build->maps;
  const fp_status status = reserve(&maps, &build->map_room, build->map_count, 1, FP_ROUTE_TRIE_MAP_SIZE);
  build->maps = maps;
  if (status < 0) return status;
  *offset = (uint64_t)build->map_count * FP_ROUTE_TRIE_MAP_SIZE;
  memset(build->maps + *offset, 0, FP_ROUTE_TRIE_MAP_SIZE);
  build->map_count++;
  return FASTPATH_OK;
}

static fp_status add_tasks(builder *build, size_t count) {
  void *tasks = build->tasks;
  const fp_status status = reserve(&tasks, &build->task_room, build->task_count, count, sizeof *build->tasks);
  build->tasks = tasks;
  return status;
}

/* How many bytes after `depth` all keys share, at most a label's worth. A label holds no token. */
static uint32_t common_length(const builder *build, const fp_route_trie_key *keys, size_t count, uint32_t depth) {
  const uint8_t *first = keys[0].data + depth;
  uint32_t common = lower(keys[0].len - depth, FP_ROUTE_TRIE_LABEL_MAX);
  for (size_t i = 1; i < count; i++) {
    const uint8_t *other = keys[i].data + depth;
    uint32_t at = 0;
    common = lower(common, keys[i].len - depth);
    while (at < common && first[at] == other[at]) at++;
    common = at;
  }
  for (uint32_t at = 0; build->tokens && at < common; at++) {
    if (first[at] <= FP_TEMPLATE_TOKEN_ANY) return at;
  }
  return common;
}

static void shadow(const builder *build, uint32_t rank, uint32_t by) {
  if (build->shadows != NULL && --build->shadows->left[rank] == 0) build->shadows->by[rank] = by;
}

/* Enters one more sure rank of a kind; the higher of the two never wins. */
static void enter(const builder *build, uint32_t *end, uint32_t rank) {
  if (*end != FP_ROUTE_TRIE_NONE) shadow(build, *end < rank ? rank : *end, lower(*end, rank));
  *end = lower(*end, rank);
}

static int by_rank(const void *a, const void *b, const void *context) {
  (void)context;
  const fp_route_candidate *left = a, *right = b;
  return left->rank < right->rank ? -1 : left->rank > right->rank;
}

/* Makes a list of the conditional keys of a kind that end at `depth` and may win; *end becomes its place. */
static fp_status add_list(builder *build, const fp_route_trie_key *keys, size_t count, uint32_t depth,
                          fp_route_trie_kind kind, uint32_t best, uint32_t *end) {
  const size_t header = sizeof(fp_route_list) / sizeof(uint32_t), place = build->list_words;
  void *lists = build->lists;
  fp_route_list *list;
  fp_route_candidate *candidates;
  size_t found = 0;
  fp_status status;
  for (size_t i = 0; i < count; i++) {
    if (keys[i].len != depth || keys[i].kind != kind || keys[i].program == FP_ROUTE_TRIE_SURE) continue;
    if (keys[i].rank < best) {
      found++;
    } else {
      shadow(build, keys[i].rank, best);
    }
  }
  if (found == 0) return FASTPATH_OK;
  status = reserve(&lists, &build->list_room, place, header + 2 * found, sizeof *build->lists);
  build->lists = lists;
  if (status < 0) return status;
  build->list_words += header + 2 * found;
  if (build->list_words >= FP_ROUTE_TRIE_LIST) return FASTPATH_ERR_OVERFLOW;
  list = (fp_route_list *)(void *)(build->lists + place);
  *list = (fp_route_list){.count = (uint32_t)found, .sure = *end};
  candidates = fp_route_list_candidates(list);
  found = 0;
  for (size_t i = 0; i < count; i++) {
    if (keys[i].len != depth || keys[i].kind != kind || keys[i].program == FP_ROUTE_TRIE_SURE) continue;
    if (keys[i].rank < best) candidates[found++] = (fp_route_candidate){keys[i].rank, keys[i].program};
  }
  fp_sort(candidates, found, sizeof *candidates, by_rank, NULL);
  list->lowest = candidates[0].rank;
  *end = FP_ROUTE_TRIE_LIST | (uint32_t)place;
  return FASTPATH_OK;
}

/*
 * Enters the keys that end at `depth` into the node and moves them out; `left` is how many stay, `best` the lowest sure
 * rank of the prefixes down to here.
 */
static fp_status take_ends(builder *build, fp_route_trie_node *node, fp_route_trie_key *keys, size_t count,
                           uint32_t depth, uint32_t *best, size_t *left) {
  fp_status status = FASTPATH_OK;
  uint32_t sure_exact;
  for (size_t i = 0; i < count; i++) {
    if (keys[i].len != depth || keys[i].program != FP_ROUTE_TRIE_SURE) continue;
    enter(build, keys[i].kind == FP_ROUTE_TRIE_PREFIX ? &node->prefix : &node->exact, keys[i].rank);
  }
  *best = lower(*best, node->prefix);
  if (node->exact != FP_ROUTE_TRIE_NONE && node->exact > *best) shadow(build, node->exact, *best);
  sure_exact = lower(*best, node->exact);
  if (build->conditional) {
    status = add_list(build, keys, count, depth, FP_ROUTE_TRIE_PREFIX, *best, &node->prefix);
    if (status >= 0) {
      status = add_list(build, keys, count, depth, FP_ROUTE_TRIE_EXACT, sure_exact, &node->exact);
    }
  }
  *left = 0;
  for (size_t i = 0; i < count; i++) {
    const fp_route_trie_key key = keys[i];
    if (key.len != depth) keys[(*left)++] = key;
  }
  return status;
}

/* Moves the keys out that a prefix above keeps from ever winning; returns how many are left. */
static size_t drop_shadowed(const builder *build, fp_route_trie_key *keys, size_t count, uint32_t best) {
  size_t left = 0;
  for (size_t i = 0; i < count; i++) {
    const fp_route_trie_key key = keys[i];
    if (key.rank < best) {
      keys[left++] = key;
    } else {
      shadow(build, key.rank, best);
    }
  }
  return left;
}

/* Sorts by the byte at `depth`, in linear time: by insertion when few, else each key straight to its place. */
static void sort_by_byte(fp_route_trie_key *keys, size_t count, uint32_t depth) {
  size_t next[256], end[256], counts[256] = {0}, at = 0;
  if (count <= 24) {
    for (size_t i = 1; i < count; i++) {
      const fp_route_trie_key key = keys[i];
      size_t j = i;
      for (; j > 0 && keys[j - 1].data[depth] > key.data[depth]; j--) keys[j] = keys[j - 1];
      keys[j] = key;
    }
    return;
  }
  for (size_t i = 0; i < count; i++) counts[keys[i].data[depth]]++;
  for (unsigned byte = 0; byte < 256; byte++) {
    next[byte] = at;
    at += counts[byte];
    end[byte] = at;
  }
  for (unsigned byte = 0; byte < 256; byte++) {
    while (next[byte] < end[byte]) {
      fp_route_trie_key key = keys[next[byte]];
      while (key.data[depth] != byte) { /* follow the cycle of misplaced keys until one belongs here */
        const size_t place = next[key.data[depth]]++;
        const fp_route_trie_key displaced = keys[place];
        keys[place] = key;
        key = displaced;
      }
      keys[next[byte]++] = key;
    }
  }
}

/* The end of the run of keys from `start` that have the same byte at `depth`. */
static size_t run_end(const fp_route_trie_key *keys, size_t start, size_t count, uint32_t depth) {
  size_t end = start + 1;
  while (end < count && keys[end].data[depth] == keys[start].data[depth]) end++;
  return end;
}

/* Turns one task into a node, and what lies below it into tasks. */
static fp_status grow(builder *build, task todo) {
  fp_route_trie_key *keys = build->keys + todo.lo;
  fp_route_trie_node *node = &build->nodes[todo.node];
  size_t count = todo.hi - todo.lo, children = 0;
  const uint32_t label_len = common_length(build, keys, count, todo.depth), depth = todo.depth + label_len;
  uint32_t best = todo.best, first_child;
  uint64_t map = 0;
  fp_status status;

  node->label_len = (uint8_t)label_len;
  node->label_mask = (uint16_t)((1u << label_len) - 1);
  memcpy(node->label, keys[0].data + todo.depth, label_len);
  status = take_ends(build, node, keys, count, depth, &best, &count);
  if (status < 0) return status;
  count = drop_shadowed(build, keys, count, best);
  if (count == 0) return FASTPATH_OK;

  sort_by_byte(keys, count, depth);
  for (size_t at = 0; at < count; at = run_end(keys, at, count, depth)) children++;
  status = add_nodes(build, children, &first_child);
  if (status >= 0 && children > FP_ROUTE_TRIE_FIRST_MAX) status = add_map(build, &map);
  if (status >= 0) status = add_tasks(build, children);
  if (status < 0) return status;

  node = &build->nodes[todo.node]; /* it may have moved */
  node->child = first_child;
  node->child_count = (uint8_t)children;
  if (children > FP_ROUTE_TRIE_FIRST_MAX) {
    node->map = map;
  } else {
    memset(node->first, keys[0].data[depth], sizeof node->first);
  }
  /* The last task is taken next: put the first child there, so that a subtree's nodes lie close to each other. */
  build->task_count += children;
  for (size_t at = 0, place = 0; at < count; place++) {
    const uint8_t byte = keys[at].data[depth];
    const size_t end = run_end(keys, at, count, depth);
    if (children > FP_ROUTE_TRIE_FIRST_MAX) {
      build->maps[map + byte] = (uint8_t)(place + 1);
    } else {
      node->first[place] = byte;
    }
    build->tasks[build->task_count - 1 - place] = (task){.lo = todo.lo + at,
                                                         .hi = todo.lo + end,
                                                         .depth = depth + 1,
                                                         .node = first_child + (uint32_t)place,
                                                         .best = best};
    at = end;
  }
  return FASTPATH_OK;
}

/* Copies nodes and maps into one block of the right size, on a cache line. The lists stay where they are. */
static fp_status finish(fp_route_trie *trie, builder *build) {
  const size_t nodes_size = build->node_count * sizeof *build->nodes;
  const size_t maps_size = build->map_count * FP_ROUTE_TRIE_MAP_SIZE;
  const size_t slack = sizeof *build->nodes - 1;
  uint8_t *block = fp_memory_alloc(nodes_size + maps_size + slack), *aligned;
  if (block == NULL) return FASTPATH_ERR_MEMORY;
  aligned = block + (-(uintptr_t)block & slack);
  memcpy(aligned, build->nodes, nodes_size);
  if (maps_size > 0) memcpy(aligned + nodes_size, build->maps, maps_size);
  trie->nodes = (const fp_route_trie_node *)(const void *)aligned;
  trie->maps = aligned + nodes_size;
  trie->block = block;
  trie->lists = build->lists;
  trie->lists_len = build->list_words;
  trie->lowest = build->lowest;
  trie->size = nodes_size + maps_size + slack + build->list_room * sizeof *build->lists;
  build->lists = NULL;
  return FASTPATH_OK;
}

static uint32_t lowest_rank(const fp_route_trie_key *keys, size_t count) {
  uint32_t lowest = FP_ROUTE_TRIE_NONE;
  for (size_t i = 0; i < count; i++) lowest = lower(lowest, keys[i].rank);
  return lowest;
}

static bool any_conditional(const fp_route_trie_key *keys, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (keys[i].program != FP_ROUTE_TRIE_SURE) return true;
  }
  return false;
}

fp_status fp_route_trie_build(fp_route_trie *trie, fp_route_trie_key *keys, size_t count, bool tokens,
                              fp_route_trie_shadows *shadows) {
  builder build = {.keys = keys,
                   .tokens = tokens,
                   .shadows = shadows,
                   .conditional = any_conditional(keys, count),
                   .lowest = lowest_rank(keys, count)};
  uint32_t root;
  fp_status status;
  memset(trie, 0, sizeof *trie);
  if (count == 0) return FASTPATH_OK;
  status = add_nodes(&build, 1, &root);
  if (status >= 0) status = add_tasks(&build, 1);
  if (status >= 0) {
    build.tasks[build.task_count++] =
        (task){.lo = 0, .hi = count, .depth = 0, .node = root, .best = FP_ROUTE_TRIE_NONE};
    while (status >= 0 && build.task_count > 0) status = grow(&build, build.tasks[--build.task_count]);
  }
  if (status >= 0) status = finish(trie, &build);
  fp_memory_free(build.nodes);
  fp_memory_free(build.maps);
  fp_memory_free(build.tasks);
  fp_memory_free(build.lists);
  return status;
}
