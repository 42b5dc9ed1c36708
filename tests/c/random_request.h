/* random_request.h - requests near what the routes of a random table ask for, in blocks of exactly their size. */
#ifndef FASTPATH_TESTS_RANDOM_REQUEST_H
#define FASTPATH_TESTS_RANDOM_REQUEST_H

#include <stdlib.h>

#include "random_table.h"

enum {
  RANDOM_FIELDS_MAX = 24
};

typedef struct {
  fp_route_request request;
  fp_http_field fields[RANDOM_FIELDS_MAX];
  uint8_t head[NAIVE_VALUE_MAX / 2];
  size_t head_len;
  uint8_t path[NAIVE_PATH_MAX];
  size_t path_len;
  uint8_t host[700];
  size_t host_len;
  random_attributes attributes;
  void *blocks[5];
} random_request;

static void random_field(random_request *made, const char *name, fp_span value) {
  const size_t len = strlen(name);
  fp_http_field *field = &made->fields[made->request.field_count];
  if (made->request.field_count == RANDOM_FIELDS_MAX || made->head_len + len + value.len > sizeof made->head) return;
  *field = (fp_http_field){.name = (uint32_t)made->head_len,
                           .value = (uint32_t)(made->head_len + len),
                           .value_len = (uint32_t)value.len,
                           .name_len = (uint16_t)len,
                           .id = fp_http_name_id((const uint8_t *)name, len)};
  memcpy(made->head + made->head_len, name, len);
  if (value.len > 0) memcpy(made->head + made->head_len + len, value.data, value.len);
  made->head_len += len + value.len;
  made->request.field_count++;
}

static fp_span text_span(const random_text *text) { return (fp_span){text->text, text->len}; }

/* ---- parts ---- */

static void random_host(random_table *make, random_request *made) {
  random_source *from = make->from;
  const naive_host *of = &make->table->hosts[below(from, make->table->host_count)];
  if (of->domain_count > 0) {
    const fp_span domain = of->domains[below(from, of->domain_count)];
    for (size_t i = 0; i < domain.len; i++) {
      if (domain.data[i] != '*' || one_in(from, 4)) {
        made->host[made->host_len++] = domain.data[i];
      } else {
        for (size_t more = below(from, 4); more > 0; more--) {
          made->host[made->host_len++] = random_letter(from, random_host_letters);
        }
      }
    }
  }
  if (one_in(from, 8)) {
    for (size_t more = below(from, one_in(from, 8) ? 500 : 8); more > 0; more--) made->host[made->host_len++] = 'a';
  }
  if (one_in(from, 8)) made->host[made->host_len++] = ':';
}

static void put_path(random_request *made, const uint8_t *bytes, size_t len) {
  if (len > sizeof made->path - made->path_len) len = sizeof made->path - made->path_len;
  if (len > 0) memcpy(made->path + made->path_len, bytes, len);
  made->path_len += len;
}

/* The route's sample: the same, cut, changed, or longer. */
static void random_near_path(random_table *make, const naive_route *route, random_request *made) {
  random_source *from = make->from;
  uint8_t more[40];
  if (route != NULL && !one_in(from, 8)) {
    put_path(made, route->sample.data, one_in(from, 6) ? below(from, route->sample.len + 1) : route->sample.len);
    if (made->path_len > 0 && one_in(from, 6)) {
      const size_t changed = below(from, made->path_len);
      made->path[changed] = random_letter(from, make->letters);
    }
    for (size_t i = 0; one_in(from, 6) && i < made->path_len; i++) made->path[i] = naive_lower(made->path[i]);
    if (one_in(from, 6)) put_path(made, (const uint8_t *)"/\0;a[" + below(from, 5), 1);
    if (one_in(from, 8) && made->path_len > 0) { /* parameters somewhere */
      const size_t at = below(from, made->path_len);
      uint8_t rest[NAIVE_PATH_MAX];
      const size_t rest_len = made->path_len - at;
      memcpy(rest, made->path + at, rest_len);
      made->path_len = at;
      put_path(made, (const uint8_t *)";ab", 1 + below(from, 3));
      put_path(made, rest, rest_len);
    }
  }
  if (one_in(from, 3)) put_path(made, more, random_path(make, more, sizeof more));
}

static void random_query(random_table *make, const naive_route *route, random_request *made) {
  static const char *const pairs[] = {"a", "b=", "a=a", "a=1", "b=ab", "", "=a", "ab=1", "a=b=a", "?a=1"};
  random_source *from = make->from;
  bool first = true;
  for (size_t i = 0; route != NULL && i < route->condition_count; i++) {
    const fp_route_condition *with = &route->conditions[i];
    const fp_span sample = make->table->samples[with - make->table->conditions];
    if (with->kind != FASTPATH_ROUTE_CONDITION_QUERY || one_in(from, 5)) continue;
    put_path(made, (const uint8_t *)(first ? "?" : "&"), 1);
    first = false;
    put_path(made, with->name.data, with->name.len);
    if (!one_in(from, 5)) {
      put_path(made, (const uint8_t *)"=", 1);
      put_path(made, sample.data, sample.len);
    }
  }
  if (!one_in(from, 4)) return;
  for (size_t more = 1 + below(from, 3); more > 0; more--) {
    const char *pair = random_word_of(from, pairs, sizeof pairs / sizeof *pairs);
    put_path(made, (const uint8_t *)(first ? "?" : "&"), 1);
    first = false;
    put_path(made, (const uint8_t *)pair, strlen(pair));
  }
}

/* A line that a condition is likely to want, or one beside it. */
static void random_wanted_field(random_table *make, const fp_route_condition *with, random_request *made) {
  random_source *from = make->from;
  const fp_span sample = make->table->samples[with - make->table->conditions];
  random_text value = {.len = 0};
  char name[32];
  if (with->kind == FASTPATH_ROUTE_CONDITION_GRPC) {
    random_field(made, "Content-Type", naive_text(one_in(from, 2) ? "application/grpc" : "application/grpc+a"));
    return;
  }
  if (with->kind == FASTPATH_ROUTE_CONDITION_COOKIE) {
    put_word(&value, one_in(from, 3) ? "b; " : one_in(from, 3) ? "a=2;" : "");
    for (size_t i = 0; i < with->name.len; i++) put(&value, with->name.data[i]);
    put_word(&value, one_in(from, 3) ? "=\"" : "=");
    for (size_t i = 0; i < sample.len; i++) put(&value, sample.data[i]);
    put_word(&value, one_in(from, 3) ? "\"" : one_in(from, 3) ? "; b=a" : "");
    random_field(made, "cookie", text_span(&value));
    return;
  }
  if (with->kind != FASTPATH_ROUTE_CONDITION_HEADER || with->name.data[0] == ':') return;
  memcpy(name, with->name.data, with->name.len);
  name[with->name.len] = '\0';
  for (size_t i = 0; one_in(from, 3) && name[i] != '\0'; i++) name[i] = (char)naive_lower((uint8_t)name[i]);
  if (one_in(from, 6)) put_word(&value, "a");
  for (size_t i = 0; i < sample.len; i++) {
    put(&value, one_in(from, 12) && sample.data[i] >= 'a' ? (uint8_t)(sample.data[i] - 32) : sample.data[i]);
  }
  if (one_in(from, 6)) put_word(&value, "b");
  if (make->distinct) value = (random_text){.len = 0};
  for (size_t i = 0; make->distinct && i < sample.len; i++) {
    if (sample.data[i] == ',' && one_in(from, 2)) { /* the same in two lines */
      random_field(made, name, text_span(&value));
      value.len = 0;
    } else {
      put(&value, sample.data[i]);
    }
  }
  if (one_in(from, 8)) random_field(made, name, naive_text("")); /* joined lines leave this one out */
  random_field(made, name, text_span(&value));
}

static void random_other_fields(random_table *make, random_request *made) {
  static const char *const lists[] = {"close",        "x-a",     "x-b ,Cookie",  ",  accept\t,",
                                      "content-type", "via,x-a", "Upgrade, x-a", "upgrade,cookie"};
  random_source *from = make->from;
  for (size_t more = below(from, 3); more > 0; more--) {
    const char *name = random_header_names[below(from, RANDOM_HEADER_NAMES)];
    random_text value;
    random_value_text(from, &value);
    if (name[0] != ':') random_field(made, name, text_span(&value));
  }
  for (size_t more = make->distinct ? below(from, 4) : 0; more > 0; more--) {
    char value[32];
    snprintf(value, sizeof value, "n%zu", below(from, one_in(from, 2) ? 7 : 70));
    random_field(made, make->wanted, naive_text(value));
  }
  if (one_in(from, 8)) {
    random_field(made, "Connection", naive_text(random_word_of(from, lists, sizeof lists / sizeof *lists)));
  }
}

/* ---- the whole ---- */

static fp_span exactly(random_request *made, int block, const uint8_t *bytes, size_t len) {
  uint8_t *copy = malloc(len == 0 ? 1 : len);
  if (copy == NULL) abort();
  if (len > 0) memcpy(copy, bytes, len);
  made->blocks[block] = copy;
  return (fp_span){copy, len};
}

static void random_request_new(random_table *make, random_request *made) {
  static const char *const methods[] = {"GET", "GET", "POST", "CONNECT", ""};
  static const char *const schemes[] = {"http", "http", "https", "", "HTTPS"};
  random_source *from = make->from;
  const char *method = random_word_of(from, methods, sizeof methods / sizeof *methods);
  const char *scheme = random_word_of(from, schemes, sizeof schemes / sizeof *schemes);
  fp_route_request *request = &made->request;
  const naive_route *near = NULL;
  uint32_t host;
  *request = (fp_route_request){.flags = 0};
  request->flags = (uint32_t)below(from, one_in(from, 4) ? 32 : 8);
  request->random = random_word(from);
  made->head_len = made->path_len = made->host_len = 0;
  random_host(make, made);
  host = naive_virtual_host(make->table, (fp_span){made->host, made->host_len});
  if (host != FASTPATH_ROUTE_INDEX_NONE && make->table->hosts[host].route_count > 0) {
    near = &make->table->hosts[host].routes[below(from, make->table->hosts[host].route_count)];
  }
  random_near_path(make, near, made);
  random_query(make, near, made);
  for (size_t i = 0; near != NULL && i < near->condition_count; i++) {
    if (!one_in(from, 5)) random_wanted_field(make, &near->conditions[i], made);
  }
  random_other_fields(make, made);
  if (near != NULL && near->kind == FASTPATH_ROUTE_PATH_CONNECT && !one_in(from, 4)) method = "CONNECT";
  if (one_in(from, 24)) made->path_len = 0;
  if (!one_in(from, 6)) {
    random_attributes_new(from, &made->attributes);
    request->attributes = &made->attributes.attributes;
  }
  request->authority = exactly(made, 0, made->host, made->host_len);
  request->path = exactly(made, 1, made->path, made->path_len);
  request->method = exactly(made, 2, (const uint8_t *)method, strlen(method));
  request->scheme = exactly(made, 3, (const uint8_t *)scheme, strlen(scheme));
  request->data = exactly(made, 4, made->head, made->head_len).data;
  request->fields = request->field_count == 0 ? NULL : made->fields;
  if (one_in(from, 40)) request->authority = (fp_span){NULL, 0};
  if (one_in(from, 40)) request->scheme = (fp_span){NULL, 0};
}

static void random_request_free(random_request *made) {
  for (size_t i = 0; i < sizeof made->blocks / sizeof *made->blocks; i++) free(made->blocks[i]);
}

/* What the table says, or what is wrong with it: NULL when it is what trying everything says. *expected becomes that. */
static inline const char *compare_answers(const fp_route_table *table, const naive_table *naive,
                                          const random_request *made, fp_route_match *expected, fp_route_match *match) {
  fp_span expected_params[FASTPATH_ROUTE_PARAMS_MAX], params[FASTPATH_ROUTE_PARAMS_MAX];
  const fp_status expected_status = naive_match(naive, &made->request, expected, expected_params);
  const fp_status status = fp_route_table_match(table, &made->request, match);
  const naive_route *route;
  uint32_t count;
  size_t end = 0;
  if (status != expected_status) return "another status";
  if (memcmp(match, expected, sizeof *match) != 0) return "another route";
  if (match->route == FASTPATH_ROUTE_INDEX_NONE) return NULL;
  route = &naive->hosts[match->virtual_host].routes[match->route];
  if (fp_route_table_choose_share(table, match, made->request.random) != naive_share(route, made->request.random)) {
    return "another share";
  }
  count = fp_route_table_param_count(table, match);
  if (count != (route->kind == FASTPATH_ROUTE_PATH_TEMPLATE ? naive_template_variables(route->path) : 0)) {
    return "another number of variables";
  }
  while (end < made->request.path.len && made->path[end] != '?' && made->path[end] != '#') end++;
  fp_route_table_params(table, match, (fp_span){made->request.path.data, end}, params);
  for (uint32_t i = 0; i < count; i++) {
    if (params[i].data != expected_params[i].data || params[i].len != expected_params[i].len) {
      return "a variable stands for something else";
    }
  }
  return NULL;
}

#endif
