/*
 * naive_template.h - whether a path matches a template, by trying every way: '*' and "{name}" take one or more bytes of
 * a segment, '**' any, the longest first. The template must be one that the table has taken.
 */
#ifndef FASTPATH_TESTS_NAIVE_TEMPLATE_H
#define FASTPATH_TESTS_NAIVE_TEMPLATE_H

#include <fastpath/route.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
  fp_span template;
  fp_span path;
  bool any;
  bool open;         /* inside "{...}" */
  uint32_t variable; /* which one is open or comes next */
  fp_span *params;
} naive_template;

static bool naive_wildcard_takes(const naive_template *of, uint8_t byte, bool rest) {
  static const char pchars[] = "-._~%!$&'()+,;:@*=";
  if (byte == '/') return rest;
  if (of->any) return true;
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         (byte != 0 && strchr(pchars, byte) != NULL);
}

static bool naive_template_goes_on(naive_template of, size_t read, size_t at);

/* A wildcard at `at`; the template goes on at `read`. */
static bool naive_wildcard(const naive_template *of, size_t read, size_t at, bool rest) {
  size_t most = at;
  while (most < of->path.len && naive_wildcard_takes(of, of->path.data[most], rest)) most++;
  for (size_t end = most + 1; end-- > at + (rest ? 0 : 1);) {
    if (naive_template_goes_on(*of, read, end)) return true;
  }
  return false;
}

static bool naive_template_goes_on(naive_template of, size_t read, size_t at) {
  if (read == of.template.len) return at == of.path.len;
  switch (of.template.data[read]) {
    case '{': {
      while (of.template.data[read] != '}' && of.template.data[read] != '=') read++;
      of.open = true;
      of.params[of.variable].data = of.path.data + at;
      if (of.template.data[read] == '}') return naive_wildcard(&of, read, at, false);
      return naive_template_goes_on(of, read + 1, at);
    }
    case '}':
      if (!of.open) break;
      of.params[of.variable].len = (size_t)(of.path.data + at - of.params[of.variable].data);
      of.variable++;
      of.open = false;
      return naive_template_goes_on(of, read + 1, at);
    case '*': {
      const bool rest = read + 1 < of.template.len && of.template.data[read + 1] == '*';
      return naive_wildcard(&of, read + (rest ? 2 : 1), at, rest);
    }
    default: break;
  }
  return at < of.path.len && of.path.data[at] == of.template.data[read] && naive_template_goes_on(of, read + 1, at + 1);
}

/* *variables becomes how many there are; params has room for FASTPATH_ROUTE_PARAMS_MAX. */
static bool naive_template_matches(fp_span template, bool any, fp_span path, fp_span *params) {
  const naive_template of = {.template = template, .path = path, .any = any, .params = params};
  return naive_template_goes_on(of, 0, 0);
}

static uint32_t naive_template_variables(fp_span template) {
  uint32_t count = 0;
  for (size_t i = 0; i < template.len; i++) {
    if (template.data[i] != '{') continue;
    count++;
    while (template.data[i] != '}') i++; /* a name may hold '{' */
  }
  return count;
}

#endif
