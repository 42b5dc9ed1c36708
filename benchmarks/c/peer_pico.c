#include <picohttpparser.h>

#include "peer.h"

int peer_parse(const uint8_t *data, size_t len, int is_response) {
  static struct phr_header headers[PEER_MAX_FIELDS];
  size_t count = PEER_MAX_FIELDS, method_len, text_len;
  const char *method, *text;
  int minor, status;
  int used = is_response
                 ? phr_parse_response((const char *)data, len, &minor, &status, &text, &text_len, headers, &count, 0)
                 : phr_parse_request((const char *)data, len, &method, &method_len, &text, &text_len, &minor, headers,
                                     &count, 0);
  return used == (int)len ? (int)count : -1;
}
