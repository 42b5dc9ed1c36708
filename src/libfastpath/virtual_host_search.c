/* Finding the first route of a virtual host that takes a request, conditions and all. */
#include <string.h>

#include "memory.h"
#include "virtual_host.h"

enum {
  STRIPPED_ROOM = 1024
};

typedef struct search {
  fp_route_visits visits; /* first, so that draining finds the rest */
  const fp_virtual_host *host;
  fp_asked_request *asked;
  fp_span path;  /* as it is compared */
  fp_span whole; /* with its parameters: what templates compare */
  fp_status status;
} search;

static size_t path_end(fp_span path) {
  size_t end = path.len;
  const uint8_t *mark = memchr(path.data, '?', end);
  if (mark != NULL) end = (size_t)(mark - path.data);
  mark = memchr(path.data, '#', end);
  return mark == NULL ? end : (size_t)(mark - path.data);
}

/* ---- candidates ---- */

/* 1, 0, or an error. Where nothing but conditions is left to ask, `of` is NULL. */
FASTPATH_INLINE int takes(const fp_route_program *program, fp_asked_request *asked, const search *of) {
  const int holds = fp_route_program_conditions(program, asked);
  if (holds != 1 || of == NULL) return holds;
  if (program->template != NULL) {
    return fp_path_template_match(program->template, of->whole.data, of->whole.len);
  }
  if (program->regex != NULL) {
    const fp_status status = fp_regex_full_match(program->regex, of->path.data, of->path.len);
    return status < 0 ? (int)status : status == FASTPATH_OK;
  }
  return 1;
}

/* The rank of the first candidate below `best` that takes the request, or `best`. An error goes to `status`. */
FASTPATH_INLINE uint32_t first_of(const fp_virtual_host *host, const fp_route_candidate *candidate, uint32_t count,
                                  uint32_t best, fp_asked_request *asked, const search *of, fp_status *status) {
  for (const fp_route_candidate *const end = candidate + count; candidate < end && candidate->rank < best;
       candidate++) {
    const int taken = takes(&host->programs[candidate->program], asked, of);
    if (taken == 0) continue;
    if (likely(taken > 0)) return candidate->rank;
    *status = (fp_status)taken;
    break;
  }
  return best;
}

/* The same for the candidates of a list and of those above it. */
FASTPATH_INLINE uint32_t first_in_lists(const fp_virtual_host *host, const fp_path_index *owner,
                                        const fp_route_list *list, uint32_t best, fp_asked_request *asked,
                                        const search *of, fp_status *status) {
  for (; list != NULL && list->lowest < best; list = fp_route_list_above(&owner->trie, list)) {
    best = first_of(host, fp_route_list_candidates(list), list->count, best, asked, of, status);
    if (unlikely(list->index != 0) && *status >= 0) {
      const fp_span path = of == NULL ? asked->request->path : of->path;
      *status = fp_candidate_index_find(owner->indexes[list->index - 1], host->programs, path, asked, &best);
    }
    if (unlikely(*status < 0)) break;
  }
  return best;
}

static FASTPATH_NOINLINE void try_lists(search *of, const fp_path_index *owner, const fp_route_list *list) {
  if (of->status < 0) return;
  of->visits.best = first_in_lists(of->host, owner, list, of->visits.best, of->asked, of, &of->status);
}

/* The deepest lists first: their ranks tend to be lower, and then the others need not be tried. */
static void drain(fp_route_visits *visits) {
  search *of = (search *)visits;
  while (visits->count > 0) {
    visits->count--;
    try_lists(of, visits->owners[visits->count], visits->lists[visits->count]);
  }
}

/* ---- the search ---- */

/* Copies the path without ";..." in its segments. */
static size_t strip_parameters(uint8_t *out, fp_span path) {
  size_t len = 0;
  bool dropping = false;
  for (size_t i = 0; i < path.len; i++) {
    const uint8_t byte = path.data[i];
    dropping = byte != '/' && (dropping || byte == ';');
    if (!dropping) out[len++] = byte;
  }
  return len;
}

static void walk(search *of) {
  const fp_virtual_host *host = of->host;
  fp_route_visits *visits = &of->visits;
  if (host->cased.trie.nodes != NULL) {
    visits->owner = &host->cased;
    fp_route_trie_visit(&host->cased.trie, host->cased.trie.walk(&host->cased.trie, of->path.data, of->path.len),
                        visits);
  }
  if (host->folded.trie.nodes != NULL && host->folded.trie.lowest < visits->best) {
    visits->owner = &host->folded;
    fp_route_trie_visit(&host->folded.trie, fp_route_trie_walk_folded(&host->folded.trie, of->path.data, of->path.len),
                        visits);
  }
  if (host->templates.trie.nodes != NULL && host->templates.trie.lowest < visits->best) {
    visits->owner = &host->templates;
    const fp_status status = fp_route_trie_visit_segments(&host->templates.trie, of->whole.data, of->whole.len, visits);
    if (status < 0) of->status = status;
  }
  drain(visits);
}

static bool is_connect(const fp_route_request *request) {
  return request->method.len == 7 && memcmp(request->method.data, "CONNECT", 7) == 0;
}

/* Cuts the path where something other than a trie compares it: tries find its end themselves. */
static fp_status walk_cut(search *of, bool ignore_parameters) {
  uint8_t small[STRIPPED_ROOM], *stripped = small;
  of->whole.len = path_end(of->whole);
  of->path = of->whole;
  if (ignore_parameters && of->path.len > 0 && memchr(of->path.data, ';', of->path.len) != NULL) {
    if (of->path.len > sizeof small) stripped = fp_memory_alloc(of->path.len);
    if (stripped == NULL) return FASTPATH_ERR_MEMORY;
    of->path = (fp_span){stripped, strip_parameters(stripped, of->path)};
  }
  walk(of);
  if (stripped != small) fp_memory_free(stripped);
  return of->status;
}

static FASTPATH_NOINLINE fp_status search_any(const fp_virtual_host *host, fp_asked_request *asked,
                                              bool ignore_parameters, uint32_t *route) {
  const fp_route_request *request = asked->request;
  search of;
  of.visits.best = FASTPATH_ROUTE_INDEX_NONE;
  of.visits.count = 0;
  of.visits.drain = drain;
  of.host = host;
  of.asked = asked;
  of.status = FASTPATH_OK;
  of.path = of.whole = request->path;
  if (request->path.len > 0) {
    if (host->tests_paths || ignore_parameters) {
      of.status = walk_cut(&of, ignore_parameters);
    } else {
      walk(&of);
    }
  }
  if (host->connect_count > 0 && of.status >= 0 && is_connect(request)) {
    of.visits.best = first_of(host, host->connects, host->connect_count, of.visits.best, asked, &of, &of.status);
  }
  *route = of.visits.best;
  return of.status;
}

/* ---- where one trie has all the paths ---- */

uint32_t fp_virtual_host_first_that_holds(const fp_virtual_host *host, const fp_route_list *list, uint32_t best,
                                          fp_asked_request *asked, fp_status *status) {
  return first_in_lists(host, &host->cased, list, best, asked, NULL, status);
}

fp_status fp_virtual_host_search(const fp_virtual_host *host, fp_asked_request *asked, bool ignore_parameters,
                                 uint32_t *route) {
  if (host->tree != NULL) return fp_virtual_host_find_by_tree(host, asked, ignore_parameters, route);
  return search_any(host, asked, ignore_parameters, route);
}
