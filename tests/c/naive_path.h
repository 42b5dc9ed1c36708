/*
 * naive_path.h - the path normaliser again, slow and plain: one pass per step, segments as a list. It knows nothing of
 * refusals and of '%' that begins no escape; the caller keeps those away.
 */
#ifndef FASTPATH_TESTS_NAIVE_PATH_H
#define FASTPATH_TESTS_NAIVE_PATH_H

#include <fastpath/path.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAIVE_MAX 8192

static inline void naive_append(char *text, const char *more, size_t len) {
  size_t end = strlen(text);
  memcpy(text + end, more, len);
  text[end + len] = '\0';
}

static inline void naive_replace(char *text, const char *from, const char *to) {
  char result[NAIVE_MAX];
  if (strstr(text, from) == NULL) return;
  result[0] = '\0';
  for (const char *at = text; *at != '\0';) {
    if (strncmp(at, from, strlen(from)) == 0) {
      strcat(result, to);
      at += strlen(from);
    } else {
      naive_append(result, at++, 1);
    }
  }
  strcpy(text, result);
}

static inline int naive_is_dots(const char *segment, size_t len) {
  return (len == 1 && segment[0] == '.') || (len == 2 && segment[0] == '.' && segment[1] == '.');
}

/* Decode unreserved octets, escape what may not stand in a path. */
static inline void naive_recode(char *text) {
  for (unsigned octet = 0x21; octet < 0x7f; octet++) {
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    char plain[2] = {(char)octet, '\0'}, escape[4];
    if (strchr(unreserved, (int)octet) != NULL && strchr(text, '%') != NULL) {
      for (int form = 0; form < 4; form++) {
        snprintf(escape, sizeof escape, "%%%02x", octet);
        if (form & 1 && escape[1] >= 'a') escape[1] -= 32;
        if (form & 2 && escape[2] >= 'a') escape[2] -= 32;
        naive_replace(text, escape, plain);
      }
    }
    if (strchr("\"<>^`{|}", (int)octet) != NULL) {
      snprintf(escape, sizeof escape, "%%%02X", octet);
      naive_replace(text, plain, escape);
    }
  }
}

static inline void naive_strip(char *text, int only_after_dots, const char *separators) {
  char result[NAIVE_MAX];
  result[0] = '\0';
  for (char *at = text; *at != '\0';) {
    size_t len = strcspn(at, separators), head = strcspn(at, ";");
    if (head > len) head = len;
    naive_append(result, at, head);
    if (only_after_dots && !naive_is_dots(at, head)) naive_append(result, at + head, len - head);
    at += len;
    if (*at != '\0') naive_append(result, at++, 1);
  }
  strcpy(text, result);
}

static inline void naive_remove_dots(char *text) {
  char *segments[NAIVE_MAX / 2 + 1], copy[NAIVE_MAX], empty[1] = "";
  size_t count = 0;
  strcpy(copy, text + 1);
  for (char *at = copy; at != NULL;) {
    char *slash = strchr(at, '/'), *next = slash == NULL ? NULL : slash + 1;
    if (slash != NULL) *slash = '\0';
    int is_dots = naive_is_dots(at, strlen(at));
    if (is_dots && at[1] == '.' && count > 0) count--;
    if (!is_dots) segments[count++] = at;
    if (is_dots && next == NULL) segments[count++] = empty; /* ends in a slash */
    at = next;
  }
  text[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    strcat(text, "/");
    strcat(text, segments[i]);
  }
  if (count == 0) strcpy(text, "/");
}

static inline void naive_merge(char *text, int how) {
  int only_slashes = strlen(text) > 1 && strspn(text, "/") == strlen(text);
  if (how == FASTPATH_PATH_MERGE_OFF) return;
  while (strstr(text, "//") != NULL) naive_replace(text, "//", "/");
  if (only_slashes && how == FASTPATH_PATH_MERGE_AS_ENVOY) strcpy(text, "//");
}

static inline void naive_normalize(const fp_path_options *options, char *text) {
  int unescapes = options->escaped_slashes >= FASTPATH_PATH_UNESCAPE_AND_REDIRECT;
  char query[NAIVE_MAX], *question = strchr(text, '?');
  query[0] = '\0';
  if (question != NULL) {
    strcpy(query, question);
    *question = '\0';
  }
  if (unescapes) {
    naive_replace(text, "%2f", "/");
    naive_replace(text, "%2F", "/");
    naive_replace(text, "%5c", "\\");
    naive_replace(text, "%5C", "\\");
  }
  int dots_only = options->normalize && !options->strip_parameters;
  if (dots_only) naive_strip(text, 1, "/");
  if (options->strip_parameters) naive_strip(text, 0, options->normalize ? "/\\" : "/");
  if (options->normalize) {
    naive_recode(text);
    naive_replace(text, "\\", "/");
    naive_remove_dots(text);
  }
  naive_merge(text, options->merge_slashes);
  if (dots_only) {
    naive_strip(text, 1, "/");
    naive_remove_dots(text);
    naive_merge(text, options->merge_slashes);
  }
  strcat(text, query);
}

#endif
