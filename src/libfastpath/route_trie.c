#include "route_trie.h"

#include "memory.h"
#include "route_trie_node.h"

/* ---- walking ---- */

/*
 * A comparison reads a whole label's worth of bytes, which must not reach past the end of the caller's text. So the last
 * bytes are compared in a copy that zeros follow.
 */
enum {
  TAIL = FP_ROUTE_TRIE_LABEL_MAX,
  TAIL_ROOM = 2 * TAIL
};

static inline uint32_t lower(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Copies len <= TAIL bytes by loads that stay inside the text. */
static inline void copy_tail(uint8_t *tail, const uint8_t *text, size_t len) {
  if (len == 16) {
    memcpy(tail, text, 16);
  } else if (len >= 8) {
    memcpy(tail, text, 8);
    memcpy(tail + len - 8, text + len - 8, 8);
  } else if (len >= 4) {
    memcpy(tail, text, 4);
    memcpy(tail + len - 4, text + len - 4, 4);
  } else {
    for (size_t i = 0; i < len; i++) tail[i] = text[i];
  }
}

/* The node that `byte` leads to, or NULL. */
static inline const fp_route_trie_node *child_of(const fp_route_trie *trie, const fp_route_trie_node *node,
                                                 uint8_t byte) {
  int place;
  if ((uint8_t)(node->child_count - 1) < FP_ROUTE_TRIE_FIRST_MAX) {
    place = fp_route_trie_find_first(node, byte);
  } else {
    place = node->child_count == 0 ? -1 : trie->maps[node->map + byte] - 1;
  }
  return place < 0 ? NULL : trie->nodes + node->child + (unsigned)place;
}

static inline uint32_t walk(const fp_route_trie *trie, const uint8_t *path, size_t len, uint32_t best, bool folded) {
  const fp_route_trie_node *node = trie->nodes;
  uint8_t tail[TAIL_ROOM] = {0};
  const size_t tail_len = len < TAIL ? len : TAIL, tail_start = len - tail_len;
  /* Where the path would begin if it ended where the copy does. An address to count from, never to read. */
  const uintptr_t path_of_tail = (uintptr_t)tail - tail_start;
  size_t at = 0;
  uint8_t byte;

  copy_tail(tail, path + tail_start, tail_len);
  for (;;) {
    /* Without a branch: where the change comes differs from path to path. */
    const uintptr_t base = at < tail_start ? (uintptr_t)path : path_of_tail;
    const uint8_t *text = (const uint8_t *)(base + at);
    if (!fp_route_trie_label_matches(node, text, folded)) return best;
    at += node->label_len;
    best = lower(best, node->prefix);
    byte = folded ? fp_route_trie_fold(text[node->label_len]) : text[node->label_len];
    const fp_route_trie_node *child = child_of(trie, node, byte);
    if (child == NULL) break;
    node = child;
    at++;
  }
  if (at == len || byte == '?' || byte == '#') best = lower(best, node->exact);
  return best;
}

uint32_t fp_route_trie_first(const fp_route_trie *trie, const uint8_t *path, size_t len, uint32_t best) {
  return walk(trie, path, len, best, false);
}

uint32_t fp_route_trie_first_folded(const fp_route_trie *trie, const uint8_t *path, size_t len, uint32_t best) {
  return walk(trie, path, len, best, true);
}

/* ---- building: top down, each step splits the keys that share a beginning by their next byte ---- */

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

/* How many bytes after `depth` all keys share, at most a label's worth. */
static uint32_t common_length(const fp_route_trie_key *keys, size_t count, uint32_t depth) {
  const uint8_t *first = keys[0].data + depth;
  uint32_t common = lower(keys[0].len - depth, FP_ROUTE_TRIE_LABEL_MAX);
  for (size_t i = 1; i < count; i++) {
    const uint8_t *other = keys[i].data + depth;
    uint32_t at = 0;
    common = lower(common, keys[i].len - depth);
    while (at < common && first[at] == other[at]) at++;
    common = at;
  }
  return common;
}

/* Enters the keys that end at `depth` into the node and moves them out; returns how many are left. */
static size_t take_ends(fp_route_trie_node *node, fp_route_trie_key *keys, size_t count, uint32_t depth) {
  size_t left = 0;
  for (size_t i = 0; i < count; i++) {
    const fp_route_trie_key key = keys[i];
    if (key.len != depth) {
      keys[left++] = key;
      continue;
    }
    if (key.kind == FP_ROUTE_TRIE_PREFIX) {
      node->prefix = lower(node->prefix, key.rank);
    } else {
      node->exact = lower(node->exact, key.rank);
    }
  }
  return left;
}

/* Moves the keys out that a prefix above keeps from ever winning; returns how many are left. */
static size_t drop_shadowed(fp_route_trie_key *keys, size_t count, uint32_t best) {
  size_t left = 0;
  for (size_t i = 0; i < count; i++) {
    const fp_route_trie_key key = keys[i];
    if (key.rank < best) keys[left++] = key;
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
  const uint32_t label_len = common_length(keys, count, todo.depth), depth = todo.depth + label_len;
  uint32_t best, first_child;
  uint64_t map = 0;
  fp_status status;

  node->label_len = (uint8_t)label_len;
  node->label_mask = (uint16_t)((1u << label_len) - 1);
  memcpy(node->label, keys[0].data + todo.depth, label_len);
  count = take_ends(node, keys, count, depth);
  best = lower(todo.best, node->prefix);
  count = drop_shadowed(keys, count, best);
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

/* Copies nodes and maps into one block of the right size, on a cache line. */
static fp_status finish(fp_route_trie *trie, const builder *build) {
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
  trie->block_size = nodes_size + maps_size + slack;
  return FASTPATH_OK;
}

fp_status fp_route_trie_build(fp_route_trie *trie, fp_route_trie_key *keys, size_t count) {
  builder build = {.keys = keys};
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
  return status;
}

void fp_route_trie_clear(fp_route_trie *trie) {
  fp_memory_free(trie->block);
  memset(trie, 0, sizeof *trie);
}
