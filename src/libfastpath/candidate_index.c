#include "candidate_index.h"

#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "header_index.h"
#include "memory.h"

struct fp_candidate_index {
  fp_regex_set *regexes; /* id i is candidate i's; NULL: none */
  fp_route_candidate *by_regex;
  size_t regex_count;
  fp_header_index by_header; /* empty: none */
  size_t size;
};

/* ---- building ---- */

static fp_status out_of_memory(fp_error *error) {
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

/* Moves the candidates with a regex out of the list. They keep their order. */
static fp_status take_regexes(fp_candidate_index *index, fp_route_list *list, const fp_route_program *programs,
                              size_t count, fp_error *error) {
  fp_route_candidate *candidates = fp_route_list_candidates(list);
  fp_regex **regexes = fp_memory_alloc(count * sizeof(fp_regex *));
  uint32_t left = 0;
  fp_status status;
  index->by_regex = fp_memory_alloc(count * sizeof *index->by_regex);
  if (regexes == NULL || index->by_regex == NULL) {
    fp_memory_free(regexes);
    return out_of_memory(error);
  }
  for (uint32_t i = 0; i < list->count; i++) {
    fp_regex *regex = programs[candidates[i].program].regex;
    if (regex != NULL) {
      regexes[index->regex_count] = regex;
      index->by_regex[index->regex_count++] = candidates[i];
    }
  }
  status = fp_regex_set_new(regexes, count, NULL, &index->regexes, error);
  fp_memory_free(regexes);
  if (status < 0) return status;
  for (uint32_t i = 0; i < list->count; i++) {
    if (programs[candidates[i].program].regex == NULL) candidates[left++] = candidates[i];
  }
  list->count = left;
  index->size += count * sizeof *index->by_regex + fp_regex_set_size(index->regexes);
  return FASTPATH_OK;
}

fp_status fp_candidate_index_new(fp_route_list *list, const fp_route_program *programs, fp_candidate_index **index,
                                 fp_error *error) {
  const fp_route_candidate *candidates = fp_route_list_candidates(list);
  fp_candidate_index *made;
  size_t regexes = 0;
  fp_status status = FASTPATH_OK;
  for (uint32_t i = 0; i < list->count; i++) regexes += programs[candidates[i].program].regex != NULL;
  *index = NULL;
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return out_of_memory(error);
  *made = (fp_candidate_index){.size = sizeof *made};
  if (regexes >= FP_CANDIDATE_INDEX_MIN) status = take_regexes(made, list, programs, regexes, error);
  if (status >= 0) {
    status = fp_header_index_build(&made->by_header, list, programs, FP_CANDIDATE_INDEX_MIN);
    if (status < 0) (void)out_of_memory(error);
  }
  made->size += made->by_header.size;
  if (status < 0 || (made->regexes == NULL && made->by_header.header == NULL)) {
    fp_candidate_index_free(made);
    return status;
  }
  *index = made;
  return FASTPATH_OK;
}

void fp_candidate_index_free(fp_candidate_index *index) {
  if (index == NULL) return;
  fp_regex_set_unref(index->regexes);
  fp_header_index_clear(&index->by_header);
  fp_memory_free(index->by_regex);
  fp_memory_free(index);
}

size_t fp_candidate_index_size(const fp_candidate_index *index) { return index->size; }

/* ---- asking ---- */

/* The first candidate whose rank is not below `best`. */
static uint32_t first_above(const fp_route_candidate *candidates, size_t count, uint32_t best) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (candidates[middle].rank < best) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (uint32_t)low;
}

static fp_status find_by_regex(const fp_candidate_index *index, const fp_route_program *programs, fp_span path,
                               fp_asked_request *asked, uint32_t *best) {
  uint32_t ids[16], from = 0;
  const uint32_t below = first_above(index->by_regex, index->regex_count, *best);
  const size_t room = sizeof ids / sizeof *ids;
  size_t found = room;
  while (found == room && from < below) {
    const fp_status status = fp_regex_set_match(index->regexes, path.data, path.len, from, below, ids, room, &found);
    if (status != FASTPATH_OK) return status < 0 ? status : FASTPATH_OK;
    for (size_t i = 0; i < found; i++) {
      const fp_route_candidate *candidate = &index->by_regex[ids[i]];
      const int holds = fp_route_program_conditions(&programs[candidate->program], asked);
      if (holds < 0) return (fp_status)holds;
      if (holds == 1) {
        *best = candidate->rank;
        return FASTPATH_OK;
      }
    }
    from = ids[found - 1] + 1;
  }
  return FASTPATH_OK;
}

fp_status fp_candidate_index_find(const fp_candidate_index *index, const fp_route_program *programs, fp_span path,
                                  fp_asked_request *asked, uint32_t *best) {
  fp_status status = FASTPATH_OK;
  if (index->by_header.header != NULL) status = fp_header_index_find(&index->by_header, programs, asked, best);
  if (status >= 0 && index->regexes != NULL) status = find_by_regex(index, programs, path, asked, best);
  return status;
}
