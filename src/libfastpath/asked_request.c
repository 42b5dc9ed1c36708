#include "asked_request.h"

#include "bits.h"
#include "http_list.h"
#include "http_names.h"

static FASTPATH_NOINLINE uint64_t nominated_lengths(const fp_route_request *request) {
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

void fp_asked_request_init(fp_asked_request *asked, const fp_route_request *request) {
  const fp_http_field *field = request->fields;
  uint64_t ids = 0, lengths = 0;
  for (uint32_t left = request->field_count; left > 0; left--, field++) {
    ids |= fp_asked_bit(field->id);
    lengths |= fp_asked_bit(field->name_len);
  }
  asked->request = request;
  asked->ids = ids;
  asked->lengths = lengths;
  asked->lookup_count = 0;
  asked->nominated = unlikely(fp_asked_may_have(asked, sizeof "connection" - 1, FASTPATH_HTTP_NAME_CONNECTION))
                         ? nominated_lengths(request)
                         : 0;
}
