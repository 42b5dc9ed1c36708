#include <fastpath/http.h>

#include "peer.h"

int peer_parse(const uint8_t *data, size_t len, int is_response) {
  static fp_http_field fields[PEER_MAX_FIELDS];
  fp_http_head head = {.fields = fields, .field_capacity = PEER_MAX_FIELDS};
  fp_status status = is_response ? fp_http_parse_response(data, len, FASTPATH_HTTP_METHOD_GET, NULL, &head, NULL)
                                 : fp_http_parse_request(data, len, NULL, &head, NULL);
  return status == FASTPATH_OK ? (int)head.field_count : -1;
}
