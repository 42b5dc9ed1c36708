/* random_path_router.h - random templates and paths, and which template takes a path when every way is tried. */
#ifndef FASTPATH_TESTS_RANDOM_PATH_ROUTER_H
#define FASTPATH_TESTS_RANDOM_PATH_ROUTER_H

#include <fastpath/path_router.h>
#include <stdio.h>
#include <stdlib.h>

#include "naive_template.h"
#include "random_bytes.h"

enum {
  ROUTER_TEMPLATES = 24,
  ROUTER_TEXT = 512
};

typedef struct {
  uint8_t text[ROUTER_TEXT];
  size_t len;
} router_text;

static void router_put(router_text *text, const char *word) {
  const size_t len = strlen(word);
  if (text->len + len > sizeof text->text) return;
  memcpy(text->text + text->len, word, len);
  text->len += len;
}

/* Segments of all lengths that words of 8 and 16 bytes fit and do not. */
static const char *router_word(random_source *from) {
  static const char *const words[] = {"a",
                                      "b",
                                      "ab",
                                      "users",
                                      "eight888",
                                      "nine99999",
                                      "sixteen-bytes-16",
                                      "seventeen-bytes17",
                                      "seventeen-bytez17",
                                      "of-thirty-three-bytes-and-no-more",
                                      "of-thirty-three-bytes-and-no-morf",
                                      "of-thirty-three-bytez-and-no-more"};
  return words[below(from, one_in(from, 2) ? 3 : sizeof words / sizeof *words)];
}

static void router_template(random_source *from, router_text *made) {
  const size_t segments = one_in(from, 40) ? 60 + below(from, 8) : 1 + below(from, 5);
  char piece[64];
  made->len = 0;
  for (size_t i = 0; i < segments; i++) {
    const char *word = segments > 8 ? "a" : router_word(from);
    const size_t sort = i < 24 ? below(from, 16) : 0;
    router_put(made, "/");
    switch (sort) {
      case 8:
      case 9:
      case 10: snprintf(piece, sizeof piece, "{v%zu}", i); break;
      case 11: snprintf(piece, sizeof piece, "*"); break;
      case 12: snprintf(piece, sizeof piece, "a{v%zu}", i); break;
      case 13: snprintf(piece, sizeof piece, "{v%zu=*}b", i); break;
      case 14: snprintf(piece, sizeof piece, "{v%zu=*/a}", i); break;
      case 15: snprintf(piece, sizeof piece, "{v%zu=a}", i); break;
      default: snprintf(piece, sizeof piece, "%s", word); break;
    }
    router_put(made, piece);
  }
  switch (below(from, 12)) {
    case 6: router_put(made, "/"); break;
    case 7: router_put(made, "/**"); break;
    case 8: router_put(made, "/{rest=**}"); break;
    case 9: router_put(made, "/{rest=*/**}"); break;
    case 10: router_put(made, "/{rest=**}.x"); break;
    case 11: router_put(made, "{rest=a}"); break;
    default: break;
  }
}

/* Something that a template may take, or nearly. */
static void router_path(random_source *from, const fp_span *template, router_text *made) {
  made->len = 0;
  for (size_t i = 0; i < template->len; i++) {
    const uint8_t byte = template->data[i];
    char one[2] = {(char)byte, '\0'};
    if (byte == '{' || byte == '*') {
      if (byte == '{' && !one_in(from, 8)) {
        while (i < template->len && template->data[i] != '}') i++;
      }
      router_put(made, router_word(from));
      if (one_in(from, 4)) router_put(made, "/a");
    } else if (byte == '/' && one_in(from, 10)) {
      router_put(made, "/");
      router_put(made, router_word(from));
      router_put(made, "/");
    } else if (!one_in(from, 60)) {
      router_put(made, one);
    }
  }
  switch (below(from, 12)) {
    case 7: router_put(made, "/"); break;
    case 8: router_put(made, "//a.x"); break;
    case 9: router_put(made, "?q=/a?#"); break;
    case 10: router_put(made, "#/?a"); break;
    case 11: router_put(made, ".x"); break;
    default: break;
  }
}

/* A copy that ends where its bytes end, so that a sanitizer sees what is read after them. */
static fp_span router_copy(const router_text *text) {
  uint8_t *bytes = malloc(text->len == 0 ? 1 : text->len);
  if (bytes == NULL) abort();
  if (text->len > 0) memcpy(bytes, text->text, text->len);
  return (fp_span){bytes, text->len};
}

static bool router_same_answer(const fp_path_router *router, const fp_span *templates, size_t count, fp_span path,
                               bool *found) {
  fp_span expected[FASTPATH_ROUTE_PARAMS_MAX], actual[FASTPATH_ROUTE_PARAMS_MAX];
  uint32_t index = 0, first = 0;
  void *value = NULL;
  fp_span cut = path;
  fp_status status;
  for (cut.len = 0; cut.len < path.len && path.data[cut.len] != '?' && path.data[cut.len] != '#';) cut.len++;
  while (first < count && !naive_template_matches(templates[first], true, cut, expected)) first++;
  *found = first < count;
  status = fp_path_router_find(router, path, &index);
  if (status != (*found ? FASTPATH_OK : FASTPATH_NONE) || (*found && index != first)) return false;
  status = fp_path_router_find_value(router, path, &value);
  if (status != (*found ? FASTPATH_OK : FASTPATH_NONE)) return false;
  if (*found && value != (const void *)templates[first].data) return false;
  status = fp_path_router_match(router, path, &index, actual);
  if (status != (*found ? FASTPATH_OK : FASTPATH_NONE) || (*found && index != first)) return false;
  if (!*found) return true;
  if (fp_path_router_variable_count(router, first) != naive_template_variables(templates[first])) return false;
  for (uint32_t i = 0; i < fp_path_router_variable_count(router, first); i++) {
    if (actual[i].data != expected[i].data || actual[i].len != expected[i].len) return false;
  }
  return true;
}

/* How many of the paths were taken, or -1 when an answer was another. Templates that a router refuses are left out. */
static int compare_path_router(random_source *from, size_t paths) {
  fp_span templates[ROUTER_TEMPLATES];
  fp_path_router *router = NULL;
  void *values[ROUTER_TEMPLATES];
  router_text text;
  size_t count = 0, wanted = 1 + below(from, ROUTER_TEMPLATES);
  int taken = 0;
  for (size_t i = 0; i < wanted; i++) {
    router_template(from, &text);
    templates[count] = router_copy(&text);
    if (fp_path_router_new(&templates[count], 1, &router, NULL, NULL) == FASTPATH_OK) {
      fp_path_router_free(router);
      count++;
    } else {
      free((void *)(uintptr_t)templates[count].data);
    }
  }
  if (fp_path_router_new(templates, count, &router, NULL, NULL) < 0) return -1;
  for (size_t i = 0; i < count; i++) values[i] = (void *)(uintptr_t)templates[i].data;
  fp_path_router_set_values(router, values);
  for (size_t i = 0; i < paths && count > 0 && taken >= 0; i++) {
    bool found;
    router_path(from, &templates[below(from, count)], &text);
    const fp_span path = router_copy(&text);
    if (router_same_answer(router, templates, count, path, &found)) {
      taken += found;
    } else {
      taken = -1;
      fprintf(stderr, "another answer for %.*s\n", (int)path.len, (const char *)path.data);
      for (size_t k = 0; k < count; k++) {
        fprintf(stderr, "  %.*s\n", (int)templates[k].len, (const char *)templates[k].data);
      }
    }
    free((void *)(uintptr_t)path.data);
  }
  fp_path_router_free(router);
  for (size_t i = 0; i < count; i++) free((void *)(uintptr_t)templates[i].data);
  return taken;
}

#endif
