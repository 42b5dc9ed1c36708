#include "asked_request.h"

#include "bits.h"
#include "http_list.h"
#include "http_names.h"

_Static_assert(HTTP_NAME_COUNT < 128, "a bit for each id and for 0");

static FASTPATH_NOINLINE uint64_t nominated_lengths(const fp_route_request *request) {
  uint64_t lengths = 0;
  for (uint32_t i = 0; i < request->field_count; i++) {
    const fp_http_field *field = &request->fields[i];
    fp_span list, member;
    if (field->id != FASTPATH_HTTP_NAME_CONNECTION) continue;
    list = (fp_span){request->data + field->value, field->value_len};
    while (fp_list_next(&list, &member)) lengths |= fp_length_bit(member.len);
  }
  return lengths;
}

void fp_asked_request_init(fp_asked_request *asked, const fp_route_request *request) {
  const fp_http_field *fields = request->fields;
  uint64_t low = 0, high = 0, others = 0;
  for (uint32_t i = 0; i < request->field_count; i++) {
    const uint64_t bit = UINT64_C(1) << (fields[i].id & 63);
    const bool is_high = (fields[i].id & 64) != 0;
    low |= is_high ? 0 : bit;
    high |= is_high ? bit : 0;
    others |= fields[i].id == 0 ? fp_length_bit(fields[i].name_len) : 0;
  }
  asked->request = request;
  asked->known[0] = low;
  asked->known[1] = high;
  asked->others = others;
  asked->lookup_count = 0;
  asked->nominated = fp_asked_may_have_id(asked, FASTPATH_HTTP_NAME_CONNECTION) ? nominated_lengths(request) : 0;
}
