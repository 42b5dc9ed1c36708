#include <llhttp.h>

#include "peer.h"

typedef struct span {
  uint32_t offset, len;
} span;

typedef struct table {
  const char *data;
  span target;
  span names[PEER_MAX_FIELDS], values[PEER_MAX_FIELDS];
  int count;
} table;

static int on_target(llhttp_t *parser, const char *at, size_t len) {
  table *t = parser->data;
  t->target = (span){(uint32_t)(at - t->data), (uint32_t)len};
  return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t len) {
  table *t = parser->data;
  if (t->count == PEER_MAX_FIELDS) return -1;
  t->names[t->count] = (span){(uint32_t)(at - t->data), (uint32_t)len};
  return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len) {
  table *t = parser->data;
  t->values[t->count++] = (span){(uint32_t)(at - t->data), (uint32_t)len};
  return 0;
}

static int on_head_complete(llhttp_t *parser) {
  (void)parser;
  return HPE_PAUSED;
}

int peer_parse(const uint8_t *data, size_t len, int is_response) {
  static const llhttp_settings_t settings = {
      .on_url = on_target,
      .on_header_field = on_name,
      .on_header_value = on_value,
      .on_headers_complete = on_head_complete,
  };
  static table t;
  llhttp_t parser;
  t.data = (const char *)data;
  t.count = 0;
  llhttp_init(&parser, is_response ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
  parser.data = &t;
  return llhttp_execute(&parser, (const char *)data, len) == HPE_PAUSED ? t.count : -1;
}
