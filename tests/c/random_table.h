/*
 * random_table.h - random tables of routes: small alphabets, so that routes share their beginnings, and styles that
 * lead to what is rare: many lists of candidates on one path, many ways through a template, many regexes in one place.
 */
#ifndef FASTPATH_TESTS_RANDOM_TABLE_H
#define FASTPATH_TESTS_RANDOM_TABLE_H

#include <stdlib.h>

#include "naive_router.h"
#include "random_attributes.h"
#include "random_bytes.h"
#include "random_pattern.h"

typedef enum {
  STYLE_PATHS,
  STYLE_MIXED,
  STYLE_DEEP,
  STYLE_LADDER,
  STYLE_REGEXES,
  STYLE_SAME,
  STYLE_WIDE,
  STYLE_COUNT
} random_style;

typedef struct {
  random_source *from;
  naive_table *table;
  const char *letters; /* of paths */
  random_style style;
  bool distinct; /* most routes ask for a value of one header, ... */
  const char *wanted; /* ... which is this, */
  size_t values;      /* of which there are so many */
} random_table;

static const char random_host_letters[] = "abA.:]*";

static const char *const random_header_names[] = {
    "x-a",          "X-B",        "accept",  "via",    "cookie",           "user-agent",        "content-type",
    "x-request-id", "connection", "upgrade", "host",   "x-envoy-internal", "x-forwarded-proto", ":method",
    ":path",        ":authority", ":scheme", "server",
};

enum {
  RANDOM_HEADER_NAMES = sizeof random_header_names / sizeof *random_header_names
};

/* A copy that lasts as long as the table. */
static fp_span keep(naive_table *table, const uint8_t *bytes, size_t len) {
  fp_span kept = {table->text + table->text_len, len};
  if (len > sizeof table->text - table->text_len) abort(); /* more than the largest table needs */
  if (len > 0) memcpy(table->text + table->text_len, bytes, len);
  table->text_len += len;
  return kept;
}

static fp_span keep_word(naive_table *table, const char *word) {
  return keep(table, (const uint8_t *)word, strlen(word));
}

/* ---- conditions ---- */

static void random_value_text(random_source *from, random_text *to) {
  static const char *const words[] = {"", "a", "b", "ab", "A", "a,b", "1", "-7", "+07", "http", "https", "GET"};
  to->len = 0;
  if (one_in(from, 4)) {
    for (size_t more = below(from, 24); more > 0; more--) put(to, random_letter(from, "ab"));
  } else {
    put_word(to, random_word_of(from, words, sizeof words / sizeof *words));
  }
}

static void random_range(random_source *from, fp_route_condition *made, random_text *sample) {
  made->start = (int64_t)below(from, 20) - 10;
  made->end = made->start + 1 + (int64_t)below(from, 10);
  snprintf((char *)sample->text, sizeof sample->text, "%d", (int)made->start + (int)below(from, 3));
  sample->len = strlen((const char *)sample->text);
  if (one_in(from, 4)) made->start = INT64_MIN;
  if (one_in(from, 4)) made->end = INT64_MAX;
}

static void random_condition(random_table *make, naive_route *route) {
  static const char *const parameters[] = {"a", "b", "ab"};
  random_source *from = make->from;
  naive_table *table = make->table;
  fp_route_condition *made = &table->conditions[table->condition_count];
  random_text value, sample;
  const size_t sort = below(from, 18);
  *made = (fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_HEADER, .denominator = 1};
  made->compare = (uint8_t)below(from, sort < 8 ? 7 : 6);
  made->name = keep_word(table, sort < 8 ? random_header_names[below(from, one_in(from, 2) ? 3 : RANDOM_HEADER_NAMES)]
                                         : random_word_of(from, parameters, sizeof parameters / sizeof *parameters));
  random_value_text(from, &value);
  sample = value;
  if (made->compare == FASTPATH_ROUTE_COMPARE_REGEX) random_regex(from, "ab", &value, &sample);
  if (made->compare == FASTPATH_ROUTE_COMPARE_RANGE) random_range(from, made, &sample);
  if (one_in(from, 4)) made->flags |= FASTPATH_ROUTE_INVERT;
  if (one_in(from, 4)) made->flags |= FASTPATH_ROUTE_MISSING_AS_EMPTY;
  if (one_in(from, 4)) made->flags |= FASTPATH_ROUTE_VALUE_IGNORE_CASE;
  made->value = keep(table, value.text, value.len);
  table->samples[table->condition_count] = keep(table, sample.text, sample.len);
  if (sort >= 8 && sort < 11) made->kind = FASTPATH_ROUTE_CONDITION_QUERY;
  if (sort == 11 || sort == 12) made->kind = FASTPATH_ROUTE_CONDITION_COOKIE;
  if (sort == 13) made->kind = FASTPATH_ROUTE_CONDITION_GRPC;
  if (sort == 14) {
    made->kind = FASTPATH_ROUTE_CONDITION_FRACTION;
    made->denominator = (uint32_t)(1 + below(from, 100));
    made->numerator = (uint32_t)below(from, 110);
  }
  if (sort == 15) {
    made->kind = one_in(from, 2) ? FASTPATH_ROUTE_CONDITION_TLS_PRESENTED : FASTPATH_ROUTE_CONDITION_TLS_VALIDATED;
  }
  if (sort >= 16) random_attribute_condition(from, table, made);
  if (route->condition_count++ == 0) route->conditions = made;
  table->condition_count++;
}

/* A value of the one header that most routes of the table ask for. */
static void random_distinct_condition(random_table *make, naive_route *route) {
  random_source *from = make->from;
  naive_table *table = make->table;
  fp_route_condition *made = &table->conditions[table->condition_count];
  char value[48];
  if (one_in(from, 6)) { /* what two lines of a header may come to */
    const size_t first = below(from, 7);
    snprintf(value, sizeof value, "n%zu,n%zu", first, below(from, 7));
  } else {
    snprintf(value, sizeof value, "n%zu", table->condition_count % make->values);
  }
  *made = (fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_HEADER,
                               .compare = FASTPATH_ROUTE_COMPARE_EXACT,
                               .name = keep_word(table, make->wanted),
                               .value = keep_word(table, value)};
  if (one_in(from, 12)) made->flags = (uint8_t)(1 << below(from, 3));
  table->samples[table->condition_count] = made->value;
  if (route->condition_count++ == 0) route->conditions = made;
  table->condition_count++;
}

/* ---- paths ---- */

static size_t random_path(random_table *make, uint8_t *path, size_t max) {
  random_source *from = make->from;
  size_t len = one_in(from, 4) ? below(from, max + 1) : below(from, 12);
  const bool repeat = one_in(from, 4); /* long shared beginnings */
  const uint8_t repeated = random_letter(from, make->letters);
  if (len > max) len = max;
  for (size_t i = 0; i < len; i++) {
    path[i] = repeat && !one_in(from, 12) ? repeated : random_letter(from, make->letters);
  }
  return len;
}

static bool separated_prefix_is_allowed(fp_span path) {
  return path.len >= 2 && path.data[path.len - 1] != '/' && memchr(path.data, '?', path.len) == NULL &&
         memchr(path.data, '#', path.len) == NULL;
}

static void random_plain_path(random_table *make, naive_host *host, naive_route *route) {
  random_source *from = make->from;
  uint8_t path[96];
  size_t len = 0;
  route->kind = (fp_route_path_kind)below(from, 3);
  if (host->route_count > 1 && one_in(from, 2)) { /* goes on from another one */
    const fp_span other = host->routes[below(from, host->route_count - 1)].sample;
    len = make->style == STYLE_SAME ? other.len : below(from, other.len + 1);
    if (len > sizeof path) len = sizeof path;
    if (len > 0) memcpy(path, other.data, len);
    if (make->style != STYLE_SAME) len += random_path(make, path + len, sizeof path - len);
  } else if (make->style == STYLE_SAME) {
    path[len++] = '/';
    if (one_in(from, 8)) path[len++] = 'a';
  } else {
    len = random_path(make, path, sizeof path);
  }
  route->path = keep(make->table, path, len);
  route->sample = route->path;
}

/* One of many beginnings of the same path; no two of a host's have the same length. */
static void random_deep_path(random_table *make, const naive_host *host, naive_route *route) {
  uint8_t path[96];
  memset(path, 'd', sizeof path);
  route->kind = one_in(make->from, 24) ? FASTPATH_ROUTE_PATH_EXACT : FASTPATH_ROUTE_PATH_PREFIX;
  route->path = keep(make->table, path, 1 + 37 * host->route_count % sizeof path);
  path[95] = one_in(make->from, 2) ? 'd' : 'x';
  route->sample = keep(make->table, path, sizeof path);
}

/* A template that leaves the literal way "/a/a/a..." at one of its segments, for good or for one of them. */
static void random_ladder(random_table *make, naive_route *route) {
  random_source *from = make->from;
  const size_t segments = 1 + below(from, 30), leaves = below(from, segments);
  random_text template = {.len = 0}, sample = {.len = 0};
  for (size_t i = 0; i < 30; i++) {
    if (i < segments) put_word(&template, i == leaves ? "/*" : "/a");
    put_word(&sample, "/a");
  }
  if (one_in(from, 3)) put_word(&template, "/**");
  route->kind = FASTPATH_ROUTE_PATH_TEMPLATE;
  route->path = keep(make->table, template.text, template.len);
  route->sample = keep(make->table, sample.text, one_in(from, 2) ? sample.len : 2 * segments);
}

/* Many different bytes in one place, and a wildcard of templates beside them. */
static void random_wide_path(random_table *make, naive_route *route) {
  random_source *from = make->from;
  random_text path = {.len = 0};
  const bool template = one_in(from, 2);
  put(&path, '/');
  if (template && one_in(from, 8)) {
    put(&path, '*');
  } else {
    put(&path, random_letter(from, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
  }
  if (one_in(from, 3)) put_word(&path, "/a");
  route->kind = template ? FASTPATH_ROUTE_PATH_TEMPLATE : (fp_route_path_kind)below(from, 3);
  route->path = route->sample = keep(make->table, path.text, path.len);
}

static void random_regex_path(random_table *make, naive_route *route) {
  static const char *const beginnings[] = {"/r/", "/r/", "", "/"};
  random_text pattern, sample, whole = {.len = 0}, whole_sample = {.len = 0};
  const char *beginning = random_word_of(make->from, beginnings, sizeof beginnings / sizeof *beginnings);
  random_regex(make->from, make->letters, &pattern, &sample);
  if (make->distinct && !one_in(make->from, 4)) { /* many that take the same paths */
    pattern.len = 0;
    put_word(&pattern, one_in(make->from, 2) ? ".*" : "[^z]*.?");
  }
  put_word(&whole, beginning);
  put_word(&whole_sample, beginning);
  if (beginning[0] != '\0') put(&whole, '('); /* or the beginning would belong to the first of several ways */
  put_all(&whole, &pattern);
  if (beginning[0] != '\0') put(&whole, ')');
  put_all(&whole_sample, &sample);
  route->kind = FASTPATH_ROUTE_PATH_REGEX;
  route->path = keep(make->table, whole.text, whole.len);
  route->sample = keep(make->table, whole_sample.text, whole_sample.len);
}

static void random_template_path(random_table *make, naive_route *route) {
  random_text template, sample;
  random_template(make->from, route->flags & FASTPATH_ROUTE_ANY_SEGMENT ? FASTPATH_ROUTE_PARAMS_MAX : 5, &template,
                  &sample);
  route->kind = FASTPATH_ROUTE_PATH_TEMPLATE;
  route->path = keep(make->table, template.text, template.len);
  route->sample = keep(make->table, sample.text, sample.len);
}

static void random_route(random_table *make, naive_host *host) {
  random_source *from = make->from;
  naive_route *route = &host->routes[host->route_count++];
  const size_t sort = below(from, 8);
  if (one_in(from, 4)) route->flags |= FASTPATH_ROUTE_IGNORE_CASE;
  if (one_in(from, 4)) route->flags |= FASTPATH_ROUTE_ANY_SEGMENT;
  if (make->style == STYLE_DEEP && sort > 0) {
    random_deep_path(make, host, route);
  } else if (make->style == STYLE_WIDE && sort > 0) {
    random_wide_path(make, route);
  } else if (make->style == STYLE_LADDER && sort > 0) {
    random_ladder(make, route);
  } else if (make->style == STYLE_REGEXES && sort > 0) {
    random_regex_path(make, route);
  } else if (make->style == STYLE_PATHS || sort < 4) {
    random_plain_path(make, host, route);
  } else if (sort == 4 && one_in(from, 2)) {
    route->kind = FASTPATH_ROUTE_PATH_CONNECT;
    route->path = route->sample = keep(make->table, NULL, 0);
  } else if (sort < 6) {
    random_regex_path(make, route);
  } else {
    random_template_path(make, route);
  }
  if (route->kind == FASTPATH_ROUTE_PATH_SEPARATED && !separated_prefix_is_allowed(route->path)) {
    route->kind = FASTPATH_ROUTE_PATH_PREFIX;
  }
  if (make->style != STYLE_PATHS &&
      !one_in(from, make->distinct || make->style == STYLE_SAME || make->style == STYLE_DEEP ? 80 : 3)) {
    if (make->distinct && !one_in(from, 8)) random_distinct_condition(make, route);
    for (size_t more = make->distinct ? one_in(from, 3) : 1 + below(from, 2); more > 0; more--) {
      random_condition(make, route);
    }
  }
  if (one_in(from, 8)) {
    for (size_t more = below(from, NAIVE_SHARES_MAX); more > 0; more--) {
      route->weights[route->share_count++] = (uint32_t)below(from, 4);
    }
    if (route->share_count > 0) route->weights[0]++; /* they must not all be 0 */
  }
}

/* ---- domains ---- */

static bool domain_is_new(const naive_table *table, fp_span domain) {
  for (size_t i = 0; i < table->host_count; i++) {
    for (size_t j = 0; j < table->hosts[i].domain_count; j++) {
      const fp_span other = table->hosts[i].domains[j];
      if (other.len == domain.len && naive_same(other.data, domain.data, domain.len, true)) return false;
    }
  }
  return true;
}

static void random_domain(random_table *make, naive_host *host) {
  random_source *from = make->from;
  const size_t sort = below(from, 5);
  random_text text = {.len = 0};
  fp_span domain;
  for (size_t more = sort == 2 ? 0 : one_in(from, 8) ? below(from, 40) : below(from, 6); more > 0; more--) {
    put(&text, random_letter(from, random_host_letters));
  }
  if (sort == 0 && text.len > 0) text.text[0] = '*';
  if (sort == 1 || sort == 2) put(&text, '*');
  domain = keep(make->table, text.text, text.len);
  if (domain_is_new(make->table, domain)) host->domains[host->domain_count++] = domain;
}

/* ---- tables ---- */

static inline void random_table_new(random_source *from, naive_table *table, random_table *make) {
  static const char *const alphabets[] = {"ab",
                                          "ab/",
                                          "ab/;",
                                          "aAbB/",
                                          "ab/?#",
                                          "abcdefghijklmnopqrstuvwxyz/ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                          "\x01\x7f\x80\xff/az@[`{"};
  static const char *const wanted[] = {"x-a", "X-B", "accept", "server"};
  *make = (random_table){.from = from, .table = table};
  memset(table->hosts, 0, sizeof table->hosts);
  table->host_count = table->condition_count = table->text_len = 0;
  table->key_count = table->test_count = table->range_count = 0;
  make->letters = random_word_of(from, alphabets, sizeof alphabets / sizeof *alphabets);
  make->style = (random_style)below(from, STYLE_COUNT);
  make->distinct = one_in(from, 3);
  make->wanted = random_word_of(from, wanted, sizeof wanted / sizeof *wanted);
  make->values = one_in(from, 2) ? 6 : 1000;
  table->flags = (uint32_t)below(from, 4);
  for (size_t hosts = 1 + below(from, NAIVE_HOSTS_MAX); hosts > 0; hosts--) {
    naive_host *host = &table->hosts[table->host_count++];
    const bool large = make->style >= STYLE_DEEP || one_in(from, 3);
    if (one_in(from, 6)) host->require_tls = (fp_route_require_tls)below(from, 3);
    for (size_t more = below(from, NAIVE_DOMAINS_MAX + 1); more > 0; more--) random_domain(make, host);
    for (size_t more = large ? NAIVE_ROUTES_MAX - below(from, 64) : below(from, 24); more > 0 && !is_exhausted(from);
         more--) {
      random_route(make, host);
    }
  }
}

/* Gives the table to a builder. A template that is refused is taken out of the list; nothing else may be. */
static inline fp_status naive_table_build(naive_table *table, fp_route_builder *builder) {
  fp_status status = FASTPATH_OK;
  for (size_t i = 0; i < table->host_count && status >= 0; i++) {
    naive_host *host = &table->hosts[i];
    size_t kept = 0;
    status = fp_route_builder_add_virtual_host(builder, NULL);
    if (status >= 0) status = fp_route_builder_require_tls(builder, host->require_tls, NULL);
    for (size_t j = 0; j < host->domain_count && status >= 0; j++) {
      status = fp_route_builder_add_domain(builder, host->domains[j].data, host->domains[j].len, NULL);
    }
    for (size_t j = 0; j < host->route_count && status >= 0; j++) {
      const naive_route route = host->routes[j];
      status = fp_route_builder_add_route(builder, route.kind, route.path.data, route.path.len, route.flags, NULL);
      if (status == FASTPATH_ERR_CONFIG_PATH && route.kind == FASTPATH_ROUTE_PATH_TEMPLATE) {
        status = FASTPATH_OK;
        continue;
      }
      for (size_t k = 0; k < route.condition_count && status >= 0; k++) {
        status = fp_route_builder_add_condition(builder, &route.conditions[k], NULL);
      }
      for (size_t k = 0; k < route.share_count && status >= 0; k++) {
        status = fp_route_builder_add_share(builder, route.weights[k], NULL);
      }
      host->routes[kept++] = route;
    }
    host->route_count = kept;
  }
  return status;
}

#endif
