#include "asked_request.h"

#include "http_list.h"

uint64_t fp_request_nominated(const fp_route_request *request) {
  uint64_t lengths = 0;
  for (uint32_t i = 0; i < request->field_count; i++) {
    const fp_http_field *field = &request->fields[i];
    fp_span list, member;
    if (field->id != FASTPATH_HTTP_NAME_CONNECTION) continue;
    list = (fp_span){request->data + field->value, field->value_len};
    while (fp_list_next(&list, &member)) lengths |= fp_asked_bit(member.len);
  }
  return lengths;
}
