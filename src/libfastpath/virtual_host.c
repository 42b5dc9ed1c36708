#include "virtual_host.h"

#include <string.h>

#include "condition_lists.h"
#include "domain.h"
#include "error.h"
#include "memory.h"
#include "route_builder.h"

static fp_status out_of_memory(fp_error *error) {
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

/* Room for `count` items that the host owns and counts; count is not 0. */
static void *allocate(fp_virtual_host *host, size_t count, size_t item_size) {
  void *items = count > SIZE_MAX / item_size ? NULL : fp_memory_alloc(count * item_size);
  if (items != NULL) host->size += count * item_size;
  return items;
}

static fp_status build_splits(fp_virtual_host *host, const fp_route_spec *routes, size_t count, const uint32_t *weights,
                              fp_error *error) {
  size_t room = 1, at = 1; /* place 0 says "none" */
  for (size_t i = 0; i < count; i++) {
    if (routes[i].share_count > 0) room += 1 + (size_t)routes[i].share_count;
  }
  if (room == 1) return FASTPATH_OK;
  if (room > UINT32_MAX) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many weighted clusters");
  host->splits = fp_memory_alloc(count * sizeof *host->splits);
  host->ends = fp_memory_alloc(room * sizeof *host->ends);
  if (host->splits == NULL || host->ends == NULL) return out_of_memory(error);
  host->size += (count + room) * sizeof *host->splits;
  host->ends[0] = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t shares = routes[i].share_count;
    uint32_t end = 0;
    host->splits[i] = 0;
    if (shares == 0) continue;
    host->splits[i] = (uint32_t)at;
    host->ends[at++] = shares;
    for (uint32_t share = 0; share < shares; share++) {
      end += weights[routes[i].shares + share]; /* the builder has checked that the sum fits */
      host->ends[at++] = end;
    }
    if (end == 0) {
      return fp_error_set(error, FASTPATH_ERR_CONFIG_WEIGHT, 0, i, "the weights of the clusters are all 0");
    }
  }
  return FASTPATH_OK;
}

/* ---- programs ---- */

/* Routes that a trie alone cannot decide. */
static bool has_program(const fp_route_spec *route) {
  return route->condition_count > 0 || route->kind == FASTPATH_ROUTE_PATH_CONNECT || fp_route_spec_tests_path(route);
}

static void add_conditions(fp_virtual_host *host, const fp_route_builder *builder, const fp_route_spec *route,
                           fp_route_program *program, uint8_t **text) {
  const fp_condition_spec *specs = builder->conditions.items;
  if (route->condition_count == 0) return;
  program->conditions = host->conditions + host->condition_count;
  program->condition_count = route->condition_count;
  for (uint32_t i = 0; i < route->condition_count; i++) {
    const fp_condition_spec *spec = &specs[route->conditions + i];
    fp_condition *made = &host->conditions[host->condition_count++];
    const size_t len = (size_t)spec->condition.name_len + spec->condition.value_len;
    *made = spec->condition;
    fp_condition_share(made);
    host->size += fp_condition_size(made);
    if (len == 0) continue;
    memcpy(*text, (const uint8_t *)builder->text.items + spec->offset, len);
    made->name = *text;
    made->value = *text + made->name_len;
    *text += len;
  }
}

/* Whether route i has the program of the first one with its conditions. */
static bool shares_program(const fp_route_spec *routes, const uint32_t *first_with, size_t i) {
  return first_with[i] != i && !fp_route_spec_tests_path(&routes[i]);
}

static void count_parts(const fp_route_builder *builder, const fp_route_spec *routes, size_t count,
                        const uint32_t *first_with, size_t *programs, size_t *conditions, size_t *text,
                        size_t *connects, size_t *templates) {
  const fp_condition_spec *specs = builder->conditions.items;
  for (size_t i = 0; i < count; i++) {
    *programs += has_program(&routes[i]) && !shares_program(routes, first_with, i);
    *connects += routes[i].kind == FASTPATH_ROUTE_PATH_CONNECT;
    *templates += routes[i].template != NULL;
    if (first_with[i] != i) continue;
    *conditions += routes[i].condition_count;
    for (uint32_t j = 0; j < routes[i].condition_count; j++) {
      const fp_condition *condition = &specs[routes[i].conditions + j].condition;
      *text += (size_t)condition->name_len + condition->value_len;
    }
  }
}

/* The program of route i: that of an earlier one, or a new one. */
static uint32_t program_for(fp_virtual_host *host, const fp_route_builder *builder, const fp_route_spec *routes,
                            size_t i, const uint32_t *first_with, const uint32_t *program_of, uint8_t **text) {
  const fp_route_spec *route = &routes[i];
  fp_route_program *program;
  if (shares_program(routes, first_with, i)) return program_of[first_with[i]];
  program = &host->programs[host->program_count];
  *program = (fp_route_program){.regex = route->regex == NULL ? NULL : fp_regex_ref(route->regex)};
  if (route->template != NULL && !route->template->key_is_whole) program->template = route->template;
  host->size += route->regex == NULL ? 0 : fp_regex_size(route->regex);
  if (first_with[i] == i) {
    add_conditions(host, builder, route, program, text);
  } else {
    program->conditions = host->programs[program_of[first_with[i]]].conditions;
    program->condition_count = route->condition_count;
  }
  return host->program_count++;
}

/* Lays out what the routes ask for beside their paths. `program_of` gets each route's program. */
static fp_status build_programs(fp_virtual_host *host, const fp_route_builder *builder, const fp_route_spec *routes,
                                size_t count, const uint32_t *first_with, uint32_t *program_of) {
  size_t programs = 0, conditions = 0, text_len = 0, connects = 0, templates = 0;
  uint8_t *text;
  count_parts(builder, routes, count, first_with, &programs, &conditions, &text_len, &connects, &templates);
  host->sure = programs == 0 && templates == 0;
  if (programs > 0) host->programs = allocate(host, programs, sizeof *host->programs);
  if (conditions > 0) host->conditions = allocate(host, conditions, sizeof *host->conditions);
  if (text_len > 0) host->text = allocate(host, text_len, 1);
  if (connects > 0) host->connects = allocate(host, connects, sizeof *host->connects);
  if (templates > 0) host->by_route = allocate(host, count, sizeof(fp_path_template *));
  if ((programs > 0 && host->programs == NULL) || (conditions > 0 && host->conditions == NULL) ||
      (text_len > 0 && host->text == NULL) || (connects > 0 && host->connects == NULL) ||
      (templates > 0 && host->by_route == NULL)) {
    return FASTPATH_ERR_MEMORY;
  }
  text = host->text;
  for (size_t i = 0; i < count; i++) {
    const fp_route_spec *route = &routes[i];
    host->tests_paths |= route->regex != NULL || route->template != NULL;
    if (host->by_route != NULL) {
      host->by_route[i] = route->template == NULL ? NULL : fp_path_template_ref(route->template);
      host->route_count++;
      host->size += route->template == NULL ? 0 : route->template->size;
    }
    program_of[i] = FP_ROUTE_TRIE_SURE;
    if (has_program(route)) program_of[i] = program_for(host, builder, routes, i, first_with, program_of, &text);
    if (route->kind == FASTPATH_ROUTE_PATH_CONNECT) {
      host->connects[host->connect_count++] = (fp_route_candidate){(uint32_t)i, program_of[i]};
    }
  }
  return FASTPATH_OK;
}

/* ---- tries ---- */

/* No path that is compared contains these: the request's path has been cut there. */
static bool can_match(const uint8_t *path, size_t len) {
  return len == 0 || (memchr(path, '?', len) == NULL && memchr(path, '#', len) == NULL);
}

/* Which trie a route belongs to. */
static fp_path_index *index_of(fp_virtual_host *host, const fp_route_spec *route) {
  switch ((fp_route_path_kind)route->kind) {
    case FASTPATH_ROUTE_PATH_CONNECT: return NULL;
    case FASTPATH_ROUTE_PATH_TEMPLATE: return &host->templates;
    case FASTPATH_ROUTE_PATH_REGEX: return &host->cased;
    case FASTPATH_ROUTE_PATH_PREFIX:
    case FASTPATH_ROUTE_PATH_EXACT:
    case FASTPATH_ROUTE_PATH_SEPARATED: break;
  }
  return route->ignore_case ? &host->folded : &host->cased;
}

static size_t key_room(const fp_route_spec *route) {
  return route->kind == FASTPATH_ROUTE_PATH_TEMPLATE ? route->template->key_len : (size_t)route->len + 1;
}

/*
 * Enters a route as keys, whose bytes are written to `spelt` where they differ from the route's. A separated prefix is
 * two keys: the path as it is, and what begins with it and a '/'. Returns how many.
 */
static size_t add_keys(fp_route_trie_key *keys, const uint8_t *path, const fp_route_spec *route, uint32_t rank,
                       uint32_t program, uint8_t *spelt) {
  fp_route_trie_key key = {
      .data = path, .len = route->len, .rank = rank, .program = program, .kind = FP_ROUTE_TRIE_PREFIX};
  switch ((fp_route_path_kind)route->kind) {
    case FASTPATH_ROUTE_PATH_REGEX: {
      const fp_span prefix = fp_regex_literal_prefix(route->regex);
      const uint8_t *nul = prefix.len == 0 ? NULL : memchr(prefix.data, '\0', prefix.len);
      if (prefix.len > 0) key.data = prefix.data; /* else it may be NULL, and the path will do */
      key.len = (uint32_t)(nul == NULL ? prefix.len : (size_t)(nul - prefix.data));
      keys[0] = key;
      return 1;
    }
    case FASTPATH_ROUTE_PATH_TEMPLATE:
      fp_path_template_key(route->template, spelt);
      key.data = spelt;
      key.len = route->template->key_len;
      if (route->template->key_is_whole) key.kind = FP_ROUTE_TRIE_EXACT;
      keys[0] = key;
      return 1;
    case FASTPATH_ROUTE_PATH_CONNECT: return 0;
    case FASTPATH_ROUTE_PATH_PREFIX:
    case FASTPATH_ROUTE_PATH_EXACT:
    case FASTPATH_ROUTE_PATH_SEPARATED: break;
  }
  if (!can_match(path, route->len)) return 0;
  if (route->ignore_case) {
    fp_domain_lower(spelt, path, (size_t)route->len + 1);
    key.data = spelt;
  }
  if (route->kind != FASTPATH_ROUTE_PATH_PREFIX) key.kind = FP_ROUTE_TRIE_EXACT;
  keys[0] = key;
  if (route->kind != FASTPATH_ROUTE_PATH_SEPARATED) return 1;
  keys[1] = key;
  keys[1].kind = FP_ROUTE_TRIE_PREFIX;
  keys[1].len++;
  return 2;
}

/* Indexes the lists that are long. */
static fp_status build_indexes(fp_virtual_host *host, fp_path_index *of, fp_error *error) {
  const size_t header = sizeof(fp_route_list) / sizeof(uint32_t);
  size_t room = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t at = 0; at < of->trie.lists_len;) {
      fp_route_list *list = (fp_route_list *)(void *)(of->trie.lists + at);
      const uint32_t count = list->count;
      at += header + 2 * (size_t)count;
      if (count < FP_CANDIDATE_INDEX_MIN) continue;
      if (pass == 0) {
        room++;
        continue;
      }
      fp_candidate_index **slot = &of->indexes[of->index_count];
      const fp_status status = fp_candidate_index_new(list, host->programs, slot, error);
      if (status < 0) return status;
      if (*slot == NULL) continue;
      list->index = ++of->index_count;
      host->size += fp_candidate_index_size(*slot);
    }
    if (room == 0) return FASTPATH_OK;
    if (pass == 0) of->indexes = allocate(host, room, sizeof(fp_candidate_index *));
    if (of->indexes == NULL) return out_of_memory(error);
  }
  return FASTPATH_OK;
}

/* Builds one of the host's tries. */
static fp_status build_index(fp_virtual_host *host, fp_path_index *of, const uint8_t *text, const fp_route_spec *routes,
                             size_t count, const uint32_t *program_of, fp_route_trie_shadows *shadows,
                             fp_error *error) {
  fp_route_trie_key *keys;
  uint8_t *spelt;
  size_t room = 0, spelt_len = 1, added = 0, at = 0;
  fp_status status;
  for (size_t i = 0; i < count; i++) {
    if (index_of(host, &routes[i]) != of) continue;
    room += routes[i].kind == FASTPATH_ROUTE_PATH_SEPARATED ? 2 : 1;
    if (of != &host->cased) spelt_len += key_room(&routes[i]);
  }
  if (room == 0) return FASTPATH_OK;
  keys = fp_memory_alloc(room * sizeof *keys);
  spelt = fp_memory_alloc(spelt_len);
  if (keys == NULL || spelt == NULL) {
    fp_memory_free(keys);
    fp_memory_free(spelt);
    return out_of_memory(error);
  }
  for (size_t i = 0; i < count; i++) {
    size_t more;
    if (index_of(host, &routes[i]) != of) continue;
    more = add_keys(keys + added, text + routes[i].offset, &routes[i], (uint32_t)i, program_of[i], spelt + at);
    shadows->left[i] = (uint8_t)more;
    added += more;
    if (of != &host->cased) at += key_room(&routes[i]);
  }
  status = fp_route_trie_build(&of->trie, keys, added,
                               of == &host->templates ? FP_ROUTE_TRIE_OF_TEMPLATES : FP_ROUTE_TRIE_OF_PATHS, shadows);
  fp_memory_free(spelt);
  fp_memory_free(keys);
  host->size += of->trie.size;
  if (status == FASTPATH_ERR_MEMORY) return out_of_memory(error);
  if (status < 0) return fp_error_set(error, status, 0, 0, "too many routes for one table");
  return of->trie.lists == NULL ? FASTPATH_OK : build_indexes(host, of, error);
}

static fp_status keep_shadowed(fp_virtual_host *host, const uint32_t *by, size_t count) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) found += by[i] != FP_ROUTE_TRIE_NONE;
  if (found == 0) return FASTPATH_OK;
  host->shadowed = allocate(host, found, sizeof *host->shadowed);
  if (host->shadowed == NULL) return FASTPATH_ERR_MEMORY;
  for (size_t i = 0; i < count; i++) {
    if (by[i] == FP_ROUTE_TRIE_NONE) continue;
    host->shadowed[host->shadowed_count++] = (fp_shadowed_route){.route = (uint32_t)i, .by = by[i]};
  }
  return FASTPATH_OK;
}

static fp_status build_paths(fp_virtual_host *host, const fp_route_builder *builder, const fp_route_spec *routes,
                             size_t count, fp_error *error) {
  const size_t numbers = count * sizeof(uint32_t);
  uint32_t *program_of = fp_memory_alloc(3 * numbers + count), *first_with, *by;
  fp_route_trie_shadows shadows;
  fp_status status;
  if (program_of == NULL) return out_of_memory(error);
  first_with = program_of + count;
  by = first_with + count;
  shadows = (fp_route_trie_shadows){.left = (uint8_t *)(by + count), .by = by};
  memset(by, 0xff, numbers);
  memset(shadows.left, 0, count);
  status = fp_condition_lists_find(builder, routes, count, first_with);
  if (status >= 0) status = build_programs(host, builder, routes, count, first_with, program_of);
  if (status < 0) (void)out_of_memory(error);
  fp_path_index *const indexes[] = {&host->cased, &host->folded, &host->templates};
  for (size_t i = 0; status >= 0 && i < sizeof indexes / sizeof *indexes; i++) {
    status = build_index(host, indexes[i], builder->text.items, routes, count, program_of, &shadows, error);
  }
  if (status >= 0) {
    status = keep_shadowed(host, by, count);
    if (status < 0) (void)out_of_memory(error);
  }
  fp_memory_free(program_of);
  return status;
}

/* ---- the virtual host ---- */

fp_status fp_virtual_host_new(const fp_route_builder *builder, size_t first, size_t count, uint8_t require_tls,
                              fp_virtual_host **host, fp_error *error) {
  const fp_route_spec *routes = builder->routes.items;
  fp_virtual_host *made = fp_memory_alloc(sizeof *made);
  fp_status status = FASTPATH_OK;
  if (made == NULL) return out_of_memory(error);
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  made->size = sizeof *made;
  made->sure = true;
  made->require_tls = require_tls;
  if (count > 0) {
    status = build_splits(made, routes + first, count, builder->weights.items, error);
    if (status >= 0) status = build_paths(made, builder, routes + first, count, error);
  }
  if (status < 0) {
    fp_virtual_host_unref(made);
    return status;
  }
  made->one_trie = made->cased.trie.nodes != NULL && made->folded.trie.nodes == NULL &&
                   made->templates.trie.nodes == NULL && made->connect_count == 0 && !made->tests_paths;
  made->plain = made->sure && made->one_trie && made->splits == NULL && require_tls == FASTPATH_ROUTE_TLS_NONE;
  *host = made;
  return FASTPATH_OK;
}

fp_virtual_host *fp_virtual_host_ref(fp_virtual_host *host) {
  atomic_fetch_add_explicit(&host->references, 1, memory_order_relaxed);
  return host;
}

static void clear_index(fp_path_index *of) {
  for (uint32_t i = 0; i < of->index_count; i++) fp_candidate_index_free(of->indexes[i]);
  fp_memory_free(of->indexes);
  fp_route_trie_clear(&of->trie);
}

void fp_virtual_host_unref(fp_virtual_host *host) {
  if (host == NULL || atomic_fetch_sub_explicit(&host->references, 1, memory_order_acq_rel) != 1) return;
  fp_virtual_host_clear_tree(host);
  clear_index(&host->cased);
  clear_index(&host->folded);
  clear_index(&host->templates);
  for (uint32_t i = 0; i < host->program_count; i++) fp_regex_unref(host->programs[i].regex);
  for (uint32_t i = 0; i < host->condition_count; i++) fp_condition_clear(&host->conditions[i]);
  for (uint32_t i = 0; i < host->route_count; i++) fp_path_template_unref(host->by_route[i]);
  fp_memory_free(host->splits);
  fp_memory_free(host->ends);
  fp_memory_free(host->programs);
  fp_memory_free(host->conditions);
  fp_memory_free(host->text);
  fp_memory_free(host->connects);
  fp_memory_free(host->by_route);
  fp_memory_free(host->shadowed);
  fp_memory_free(host);
}

uint32_t fp_virtual_host_share(const fp_virtual_host *host, uint32_t route, uint32_t value) {
  const uint32_t *ends = host->ends + host->splits[route] + 1;
  uint32_t low = 0, high = ends[-1] - 1; /* the first share that ends above the value lies in low .. high */
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (ends[middle] > value) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
