/* Scenarios of the failing-allocation sweep: the beginning of a connection, and filter chains. */
#include "sweep.h"

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

void sweep_inspect(void) {
  static const char line[] = "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n";
  static const uint8_t alpn[] = {2, 'h', '2', 1, 'x'};
  uint8_t scratch[FASTPATH_CLIENT_HELLO_MAX];
  fp_proxy_header header;
  fp_client_hello hello;
  fp_client_hello_reader reader = {0};
  fp_span extensions = {(const uint8_t *)"\0\x10\0\0", 4};
  uint16_t type;
  fp_http_version version;
  fp_span list = {alpn, sizeof alpn}, name;
  CHECK_EQ(fp_proxy_header_parse((const uint8_t *)line, sizeof line - 1, &header, NULL), FASTPATH_OK);
  CHECK_EQ(fp_client_hello_parse((const uint8_t *)"\x16\x03", 2, scratch, &hello, NULL), FASTPATH_NEED_MORE);
  CHECK_EQ(fp_client_hello_read(&reader, (const uint8_t *)"\x16\x03", 2, 0, scratch, &hello, NULL), FASTPATH_NEED_MORE);
  CHECK_EQ(fp_http_detect((const uint8_t *)"GET / HTTP/1.1\r\n", 16, NULL, &version, NULL), FASTPATH_OK);
  CHECK_EQ(fp_tls_extension_next(&extensions, &type, &name), 1);
  CHECK_EQ(type, 16);
  CHECK_EQ(fp_alpn_next(&list, &name), 1);
  CHECK_BYTES(name.data, name.len, "h2");
}

void sweep_authority(void) {
  static const char host[] = "a.example.:080";
  const fp_authority_options options = {.strip_trailing_dot = 1, .strip_port = 80};
  uint8_t room[sizeof host];
  const fp_span found = fp_authority_normalize(&options, (const uint8_t *)host, sizeof host - 1, room);
  CHECK_BYTES(found.data, found.len, "a.example");
}

static void release_context(void *context) { ++*(int *)context; }

/* Adding is not taken back when memory runs out, so the builder is begun anew. */
static fp_filter_chain_builder *builder_with(const fp_filter_chain_match *matches, size_t count) {
  fp_filter_chain_builder *builder;
  TRY_NEW(builder, fp_filter_chain_builder_new());
  for (size_t i = 0; i < count; i++) {
    if (fp_filter_chain_builder_add(builder, &matches[i], NULL) == FASTPATH_OK) continue;
    CHECK(failing_memory_fired());
    fp_filter_chain_builder_free(builder);
    return builder_with(matches, count);
  }
  return builder;
}

void sweep_filter_chains(void) {
  const fp_cidr ranges[] = {{.family = 4, .prefix_len = 8, .address = {10}}, {.family = 6, .prefix_len = 33}};
  const fp_span names[] = {span_of("a.example"), span_of("*.example"), span_of("b"), span_of("c"), span_of("d")};
  const fp_span protocols[] = {span_of("h2")};
  const uint16_t ports[] = {7, 8};
  const fp_filter_chain_match matches[] = {
      {.destination_port = 443,
       .destinations = ranges,
       .destination_count = 2,
       .server_names = names,
       .server_name_count = 5,
       .application_protocols = protocols,
       .application_protocol_count = 1,
       .source_ports = ports,
       .source_port_count = 2},
      {.server_names = names, .server_name_count = 1, .transport_protocol = span_of("tls")},
  };
  const fp_connection_info connection = {.destination = ranges[0],
                                         .source = ranges[0],
                                         .direct_source = ranges[0],
                                         .destination_port = 443,
                                         .source_port = 8,
                                         .server_name = span_of("x.EXAMPLE"),
                                         .transport_protocol = span_of("tls"),
                                         .application_protocols = span_of("\x02h2")};
  int released = 0;
  fp_filter_chain_table *table = NULL;
  fp_filter_chain_builder *builder = builder_with(matches, 2);
  TRY(fp_filter_chain_builder_build(builder, &table, NULL), table == NULL);
  fp_filter_chain_builder_free(builder);
  fp_filter_chain_table_set_context(table, &released, release_context);
  CHECK(fp_filter_chain_table_context(table) == &released);
  CHECK_EQ(fp_filter_chain_table_match(table, &connection), 0);
  CHECK(fp_filter_chain_table_ref(table) == table);
  fp_filter_chain_table_unref(table);
  CHECK_EQ(released, 0);
  fp_filter_chain_table_unref(table);
  CHECK_EQ(released, 1);
}
