/* Building a trie: top down, each step splits the keys that share a beginning by their next byte. */
#include <stddef.h>

#include "memory.h"
#include "route_trie_node.h"
#include "route_trie_shortcut.h"
#include "sort.h"

enum {
  SHORTCUTS_MIN = 16 /* keys that are worth some */
};

static inline uint32_t lower(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Keys lo .. hi-1 share `depth` bytes and wait to become the subtree of `node`. */
typedef struct {
  size_t lo;
  size_t hi;
  uint32_t depth;
  uint32_t node;
  uint32_t best;  /* lowest rank of the prefixes above: a key with a higher one can never win */
  uint32_t above; /* what the parent's `prefix` is to its children: all that ends on the way */
} task;

/* A shortcut until there are slots. */
typedef struct {
  uint64_t hash;
  uint32_t node;
} shortcut;

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
  uint8_t *key_bytes; /* of nodes that shortcuts lead to */
  size_t key_len, key_room;
  shortcut *shortcuts;
  size_t shortcut_count, shortcut_room;
  uint32_t levels[FP_ROUTE_TRIE_LEVELS_MAX];
  uint8_t level_count;
  bool far; /* some shortcuts are long */
  bool tokens;
  bool conditional; /* some keys are */
  uint32_t lowest;  /* rank of all keys */
  fp_route_trie_shadows *shadows;
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
  if (build->node_count + count > INT32_MAX) return FASTPATH_ERR_OVERFLOW;
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

static const fp_route_list *list_at(const builder *build, uint32_t end) {
  return (const fp_route_list *)(const void *)(build->lists + (end & ~FP_ROUTE_TRIE_LIST));
}

static bool is_waiting(const fp_route_trie_key *key, uint32_t depth, fp_route_trie_kind kind) {
  return key->len == depth && key->kind == kind && key->program != FP_ROUTE_TRIE_SURE;
}

/*
 * Makes a list of the conditional keys of a kind that end at `depth` and may win; *end, the lowest sure rank, becomes its
 * place. A list of what is above, if there is one that may win, goes on behind it.
 */
static fp_status add_list(builder *build, const fp_route_trie_key *keys, size_t count, uint32_t depth,
                          fp_route_trie_kind kind, uint32_t best, uint32_t above, uint32_t *end) {
  const size_t header = sizeof(fp_route_list) / sizeof(uint32_t), place = build->list_words;
  void *lists = build->lists;
  fp_route_list *list;
  fp_route_candidate *candidates;
  size_t found = 0;
  fp_status status;
  for (size_t i = 0; i < count; i++) {
    if (!is_waiting(&keys[i], depth, kind)) continue;
    if (keys[i].rank < best) {
      found++;
    } else {
      shadow(build, keys[i].rank, best);
    }
  }
  if (above == FP_ROUTE_TRIE_NONE || !fp_route_trie_is_list(above) || list_at(build, above)->lowest >= best) {
    above = FP_ROUTE_TRIE_NONE;
  }
  if (found == 0) {
    if (above == FP_ROUTE_TRIE_NONE) return FASTPATH_OK;
    if (best == list_at(build, above)->sure) { /* nothing ends here */
      *end = above;
      return FASTPATH_OK;
    }
  }
  status = reserve(&lists, &build->list_room, place, header + 2 * found, sizeof *build->lists);
  build->lists = lists;
  if (status < 0) return status;
  build->list_words += header + 2 * found;
  if (build->list_words >= FP_ROUTE_TRIE_LIST) return FASTPATH_ERR_OVERFLOW;
  list = (fp_route_list *)(void *)(build->lists + place);
  *list = (fp_route_list){
      .count = (uint32_t)found, .lowest = FP_ROUTE_TRIE_NONE, .sure = best, .above = FP_ROUTE_TRIE_NONE};
  candidates = fp_route_list_candidates(list);
  found = 0;
  for (size_t i = 0; i < count; i++) {
    if (!is_waiting(&keys[i], depth, kind) || keys[i].rank >= best) continue;
    candidates[found++] = (fp_route_candidate){keys[i].rank, keys[i].program};
  }
  fp_sort(candidates, found, sizeof *candidates, by_rank, NULL);
  if (found > 0) list->lowest = candidates[0].rank;
  if (above != FP_ROUTE_TRIE_NONE) {
    list->above = above & ~FP_ROUTE_TRIE_LIST;
    list->lowest = lower(list->lowest, list_at(build, above)->lowest);
  }
  *end = FP_ROUTE_TRIE_LIST | (uint32_t)place;
  return FASTPATH_OK;
}

/*
 * Enters the keys that end at `depth` into the node and moves them out; `left` is how many stay, `best` the lowest sure
 * rank of the prefixes down to here, `above` what the parent has for its children.
 */
static fp_status take_ends(builder *build, fp_route_trie_node *node, fp_route_trie_key *keys, size_t count,
                           uint32_t depth, uint32_t above, uint32_t *best, size_t *left) {
  fp_status status = FASTPATH_OK;
  for (size_t i = 0; i < count; i++) {
    if (keys[i].len != depth || keys[i].program != FP_ROUTE_TRIE_SURE) continue;
    enter(build, keys[i].kind == FP_ROUTE_TRIE_PREFIX ? &node->prefix : &node->exact, keys[i].rank);
  }
  *best = lower(*best, node->prefix);
  if (node->exact != FP_ROUTE_TRIE_NONE && node->exact > *best) {
    shadow(build, node->exact, *best);
    node->exact = FP_ROUTE_TRIE_NONE;
  }
  if (!build->tokens) node->prefix = *best;
  if (build->conditional) {
    const uint32_t sure = lower(*best, node->exact);
    status = add_list(build, keys, count, depth, FP_ROUTE_TRIE_PREFIX, *best, above, &node->prefix);
    if (status >= 0) {
      status = add_list(build, keys, count, depth, FP_ROUTE_TRIE_EXACT, sure, FP_ROUTE_TRIE_NONE, &node->exact);
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

/* ---- shortcuts ---- */

/* The ends of a key's segments: a '/' that is its last byte ends the last one. */
static uint64_t key_ends(const uint8_t *key, size_t len) {
  uint64_t ends = fp_route_segment_ends(key, len, true);
  if (len < 64 && key[len - 1] == '/') ends &= ~(UINT64_C(1) << len);
  return ends & low_bits(FP_ROUTE_SHORTCUT_REACH + 1);
}

/*
 * Chooses the levels: one that half of the keys have, the deepest of these, since it spares most of the way, and before
 * it a deeper one if an eighth of the keys have it.
 */
static void choose_levels(builder *build, size_t count) {
  size_t with_level[64] = {0}, have = 0;
  unsigned chosen[FP_ROUTE_TRIE_LEVELS_MAX] = {0}; /* the deeper one last */
  if (count < SHORTCUTS_MIN) return;
  for (size_t i = 0; i < count; i++) {
    const fp_route_trie_key *key = &build->keys[i];
    const uint64_t ends = key->len == 0 ? 0 : key_ends(key->data, key->len);
    if (ends >> FP_ROUTE_SHORTCUT_MIN != 0) with_level[bit_count(ends) - 1]++;
  }
  for (unsigned level = 64; level-- > 0;) {
    have += with_level[level];
    if (have == 0) continue;
    if (have >= count / 8 && chosen[1] == 0) chosen[1] = level + 1;
    if (have >= count / 2) {
      chosen[0] = level + 1;
      break;
    }
  }
  if (chosen[1] != 0) build->levels[build->level_count++] = chosen[1] - 1;
  if (chosen[0] != 0 && chosen[0] != chosen[1]) build->levels[build->level_count++] = chosen[0] - 1;
}

/* Makes the node one that shortcuts lead to; `key` is its bytes. */
static fp_status keep_key(builder *build, fp_route_trie_node *node, const uint8_t *key, uint32_t depth) {
  const uint32_t before = depth - node->label_len;
  void *bytes = build->key_bytes;
  fp_status status;
  node->depth = (uint8_t)depth;
  if (node->child_count == 0 && depth <= FP_ROUTE_TRIE_BEFORE_MAX) {
    memcpy(node->before + FP_ROUTE_TRIE_BEFORE_MAX - before, key, before);
    node->key_within = (uint8_t)(offsetof(fp_route_trie_node, label) - before);
    return FASTPATH_OK;
  }
  if (build->key_len + depth > UINT32_MAX) return FASTPATH_ERR_OVERFLOW;
  status = reserve(&bytes, &build->key_room, build->key_len, depth, 1);
  build->key_bytes = bytes;
  if (status < 0) return status;
  memcpy(build->key_bytes + build->key_len, key, depth);
  node->key = (uint32_t)build->key_len;
  build->key_len += depth;
  return FASTPATH_OK;
}

/* Adds shortcuts to the ends of segments that lie in the node's label or at its end, where `ends` says if one is. */
static fp_status add_shortcuts(builder *build, uint32_t index, const uint8_t *key, uint32_t depth, bool ends) {
  fp_route_trie_node *node = &build->nodes[index];
  const uint32_t before = depth - node->label_len;
  uint64_t segments;
  if (depth > UINT8_MAX) return FASTPATH_OK;
  segments = fp_route_segment_ends(key, depth, true);
  if (!ends && depth < 64) segments &= ~(UINT64_C(1) << depth);
  for (unsigned i = 0; i < build->level_count; i++) {
    const size_t end = fp_route_segment_end(segments, build->levels[i]);
    void *shortcuts = build->shortcuts;
    fp_status status;
    if (end < FP_ROUTE_SHORTCUT_MIN || end > FP_ROUTE_SHORTCUT_REACH || end < before) continue;
    status = reserve(&shortcuts, &build->shortcut_room, build->shortcut_count, 1, sizeof *build->shortcuts);
    build->shortcuts = shortcuts;
    if (status >= 0 && node->depth == 0) status = keep_key(build, node, key, depth);
    if (status < 0) return status;
    build->shortcuts[build->shortcut_count++] =
        (shortcut){.hash = fp_route_shortcut_hash(key, end, false), .node = index};
    if (end > FP_ROUTE_SHORTCUT_NEAR) build->far = true;
  }
  return FASTPATH_OK;
}

/* So many that three slots in five are empty, or more; 0 for none. */
static unsigned bits_for_slots(size_t shortcuts) { return shortcuts == 0 ? 0 : last_bit(shortcuts * 5 / 2) + 1; }

/* Enters the shortcuts into slots, all of which are empty. One that would have to be looked for too long is left out. */
static void fill_slots(const fp_route_trie *trie, uint32_t *slots, const builder *build) {
  for (size_t i = 0; i < build->shortcut_count; i++) {
    const shortcut *of = &build->shortcuts[i];
    uint32_t *slot = slots + fp_route_shortcut_slot(trie, of->hash);
    unsigned probe = 0;
    while (probe < FP_ROUTE_SHORTCUT_PROBES && *slot != 0) slot++, probe++;
    if (probe < FP_ROUTE_SHORTCUT_PROBES) *slot = ((uint32_t)of->hash & trie->slot_tag) | of->node;
  }
}

/* ---- the trie ---- */

static bool ends_at(const fp_route_trie_key *keys, size_t count, uint32_t depth) {
  for (size_t i = 0; i < count; i++) {
    if (keys[i].len == depth || keys[i].data[depth] == '/') return true;
  }
  return false;
}

/* Turns one task into a node, and what lies below it into tasks. */
static fp_status grow(builder *build, task todo) {
  fp_route_trie_key *keys = build->keys + todo.lo;
  fp_route_trie_node *node = &build->nodes[todo.node];
  size_t count = todo.hi - todo.lo, children = 0;
  const uint32_t label_len = common_length(build, keys, count, todo.depth), depth = todo.depth + label_len;
  const uint8_t *const key = keys[0].data;
  const bool ends = build->level_count > 0 && ends_at(keys, count, depth);
  uint32_t best = todo.best, first_child = 0;
  uint64_t map = 0;
  fp_status status;

  node->label_len = (uint8_t)label_len;
  node->label_mask = (uint16_t)((1u << label_len) - 1);
  memcpy(node->label, key + todo.depth, label_len);
  status = take_ends(build, node, keys, count, depth, todo.above, &best, &count);
  if (status < 0) return status;
  count = drop_shadowed(build, keys, count, best);

  sort_by_byte(keys, count, depth);
  for (size_t at = 0; at < count; at = run_end(keys, at, count, depth)) children++;
  node->child_count = (uint8_t)children;
  if (build->level_count > 0) status = add_shortcuts(build, todo.node, key, depth, ends);
  if (status < 0 || count == 0) return status;

  status = add_nodes(build, children, &first_child);
  if (status >= 0 && children > FP_ROUTE_TRIE_FIRST_MAX) status = add_map(build, &map);
  if (status >= 0) status = add_tasks(build, children);
  if (status < 0) return status;

  node = &build->nodes[todo.node]; /* it may have moved */
  node->child = first_child;
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
                                                         .best = best,
                                                         .above = build->tokens ? FP_ROUTE_TRIE_NONE : node->prefix};
    at = end;
  }
  return FASTPATH_OK;
}

/* Copies all but the lists into one block of the right size, on a cache line. The lists stay where they are. */
static fp_status finish(fp_route_trie *trie, builder *build) {
  const size_t nodes_size = build->node_count * sizeof *build->nodes;
  const size_t maps_size = build->map_count * FP_ROUTE_TRIE_MAP_SIZE;
  const unsigned slot_bits = bits_for_slots(build->shortcut_count);
  const size_t slots_size =
      slot_bits == 0 ? 0 : (((size_t)1 << slot_bits) + FP_ROUTE_SHORTCUT_PROBES) * sizeof(uint32_t);
  const size_t slack = sizeof *build->nodes - 1;
  const size_t size = nodes_size + slots_size + maps_size + build->key_len + slack;
  uint8_t *block, *aligned;
  uint32_t *slots;
  block = fp_memory_alloc(size);
  if (block == NULL) return FASTPATH_ERR_MEMORY;
  aligned = block + (-(uintptr_t)block & slack);
  slots = (uint32_t *)(void *)(aligned + nodes_size);
  memcpy(aligned, build->nodes, nodes_size);
  memset(slots, 0, slots_size);
  trie->nodes = (const fp_route_trie_node *)(const void *)aligned;
  trie->slots = slots;
  trie->maps = aligned + nodes_size + slots_size;
  trie->keys = trie->maps + maps_size;
  if (maps_size > 0) memcpy(aligned + nodes_size + slots_size, build->maps, maps_size);
  if (build->key_len > 0) memcpy(aligned + nodes_size + slots_size + maps_size, build->key_bytes, build->key_len);
  trie->slot_tag = ~(uint32_t)low_bits(last_bit(build->node_count) + 1);
  if (slot_bits > 0) {
    trie->slot_shift = (uint8_t)(64 - slot_bits);
    memcpy(trie->levels, build->levels, sizeof trie->levels);
    trie->level_count = build->level_count;
    trie->far = build->far;
    fill_slots(trie, slots, build);
  }
  trie->block = block;
  trie->lists = build->lists;
  trie->lists_len = build->list_words;
  trie->lowest = build->lowest;
  fp_route_trie_choose_walk(trie);
  trie->size = size + build->list_room * sizeof *build->lists;
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

fp_status fp_route_trie_build(fp_route_trie *trie, fp_route_trie_key *keys, size_t count, fp_route_trie_sort sort,
                              fp_route_trie_shadows *shadows) {
  builder build = {.keys = keys,
                   .tokens = sort == FP_ROUTE_TRIE_OF_TEMPLATES,
                   .shadows = shadows,
                   .conditional = any_conditional(keys, count),
                   .lowest = lowest_rank(keys, count)};
  uint32_t root;
  fp_status status;
  memset(trie, 0, sizeof *trie);
  if (count == 0) return FASTPATH_OK;
  if (sort == FP_ROUTE_TRIE_OF_PATHS) choose_levels(&build, count);
  status = add_nodes(&build, 1, &root);
  if (status >= 0) status = add_tasks(&build, 1);
  if (status >= 0) {
    build.tasks[build.task_count++] =
        (task){.lo = 0, .hi = count, .node = root, .best = FP_ROUTE_TRIE_NONE, .above = FP_ROUTE_TRIE_NONE};
    while (status >= 0 && build.task_count > 0) status = grow(&build, build.tasks[--build.task_count]);
  }
  if (status >= 0) status = finish(trie, &build);
  fp_memory_free(build.nodes);
  fp_memory_free(build.maps);
  fp_memory_free(build.tasks);
  fp_memory_free(build.lists);
  fp_memory_free(build.key_bytes);
  fp_memory_free(build.shortcuts);
  return status;
}
