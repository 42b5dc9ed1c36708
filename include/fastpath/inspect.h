/*
 * fastpath/inspect.h - the first bytes of a connection, looked at and left where they are: PROXY protocol, TLS
 * ClientHello, HTTP/1 or HTTP/2. What is taken for what is as in Envoy's listener filters.
 *
 * Each call is given all bytes that have arrived so far and answers
 *   OK         yes; the result is filled in
 *   NONE       no, and more bytes would not change that
 *   NEED_MORE  a valid beginning
 *   < 0        it began as one and is broken
 * The verdict depends on the bytes alone, not on the pieces they came in. Nothing is consumed, nothing is allocated and
 * nothing is read past the end. What is looked at is bounded, and a parser that would have to look at bytes again when
 * more arrive remembers in a reader of the caller's how far it has come: all calls together take time in proportion to
 * the bytes. Threads: any.
 */
#ifndef FASTPATH_INSPECT_H
#define FASTPATH_INSPECT_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_CLIENT_HELLO_MAX 16384 /* bytes, record headers included, in which a hello must be complete */
#define FASTPATH_HTTP_LINE_MAX 65536    /* bytes of a request line */

/* What a PROXY header says of addresses. */
typedef enum fp_proxy_family {
  FASTPATH_PROXY_NONE = 0, /* LOCAL, UNKNOWN or UNSPEC: the connection's own addresses count */
  FASTPATH_PROXY_IPV4 = 4,
  FASTPATH_PROXY_IPV6 = 6,
  FASTPATH_PROXY_UNIX = 1
} fp_proxy_family;

/* A PROXY protocol header. Plain data. */
typedef struct fp_proxy_header {
  uint8_t version;  /* 1 or 2 */
  uint8_t family;   /* fp_proxy_family */
  uint8_t datagram; /* 1: the client came by datagrams (version 2) */
  uint8_t local;    /* 1: the proxy's own connection, as for a health check (version 2) */
  uint16_t source_port; /* with the internet's families */
  uint16_t destination_port;
  uint8_t source[16]; /* in network order; the first 4 bytes for IPv4 */
  uint8_t destination[16];
  uint32_t len;         /* bytes of the header: what follows is the connection's */
  uint32_t tlvs_offset; /* version 2, not local: type-length-value triples, well-formed */
  uint32_t tlvs_len;
} fp_proxy_header;

/*
 * A PROXY header of version 1 or 2 (haproxy.org, proxy-protocol.txt) at the beginning of data. Version 1 has at most 108
 * bytes; blanks at its end, and zeros or a plus sign in front of its ports, are taken as Envoy takes them. Errors:
 * ERR_INSPECT_PROXY (not as specified, ports out of range, addresses that are not of one host, TLVs that overrun, a
 * CRC32C that is not that of the header), with `position`.
 */
fp_status fp_proxy_header_parse(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error);

/* A ClientHello (RFC 8446, 4.1.2). Spans point into the bytes, or into scratch; see fp_client_hello_read. */
typedef struct fp_client_hello {
  uint16_t legacy_version; /* 0x0303 from TLS 1.2 on */
  uint16_t max_version;    /* the highest that is offered, values that are reserved for grease left out */
  uint32_t len;            /* bytes of the records that hold the message */
  fp_span server_name;     /* of the host_name in server_name, 1 to 255 bytes without NUL; data NULL without one */
  fp_span alpn;            /* the protocol names, each behind its length; data NULL without them, or when malformed */
  fp_span cipher_suites;   /* two bytes each */
  fp_span versions; /* supported_versions, groups and signature_algorithms: two bytes each; data NULL likewise */
  fp_span groups;
  fp_span signature_algorithms;
  fp_span point_formats; /* one byte each */
  fp_span extensions; /* all of them; see fp_tls_extension_next */
} fp_client_hello;

/* How far a hello has been read. The caller's; zero bytes at the beginning of a connection. */
typedef struct fp_client_hello_reader {
  uint32_t at; /* where the next record begins */
  uint32_t got; /* bytes of the message that lie in scratch */
  uint8_t empty_records; /* in a row */
  uint8_t warnings; /* likewise */
  int16_t verdict; /* what was said at last, unless that was NEED_MORE */
} fp_client_hello_reader;

/*
 * A TLS ClientHello at the beginning of data, in the first max_len bytes of it: at most FASTPATH_CLIENT_HELLO_MAX, 0 for
 * that. The message may be cut into records of any length; when it is, it is put together in `scratch`,
 * FASTPATH_CLIENT_HELLO_MAX bytes of the caller's that stay as they are between calls. Empty records (32 in a row) and
 * warnings (4 in a row) before its end are passed over. NONE: the bytes are no handshake. Errors: ERR_INSPECT_TLS (a
 * record, a message or an extension list that is not well-formed, a server_name that is not one host_name: Envoy takes
 * such bytes for something else than TLS), ERR_INSPECT_TLS_REFUSED (a hello that is too large, of a version before TLS
 * 1.0 or unheard of, or withdrawn: Envoy ends the connection). A refusal, and NONE, are given again until the reader is
 * zeroed; ERR_STATE after OK.
 */
fp_status fp_client_hello_read(fp_client_hello_reader *reader, const uint8_t *data, size_t len, size_t max_len,
                               uint8_t *scratch, fp_client_hello *hello, fp_error *error);

/* The same for bytes that are looked at once. */
fp_status fp_client_hello_parse(const uint8_t *data, size_t len, uint8_t *scratch, fp_client_hello *hello,
                                fp_error *error);

/* Take the first protocol name off an ALPN list: 1 and the name, or 0 at the end. */
int fp_alpn_next(fp_span *list, fp_span *name);

/* Take the first extension off a hello's: 1 with its type and content, or 0 at the end. */
int fp_tls_extension_next(fp_span *extensions, uint16_t *type, fp_span *content);

/* What a plain connection speaks. */
typedef enum fp_http_version {
  FASTPATH_HTTP_1_0 = 10, /* or a request line without a version, or with another than 1.1 */
  FASTPATH_HTTP_1_1 = 11,
  FASTPATH_HTTP_2 = 20 /* its connection preface (RFC 9113, 3.4) */
} fp_http_version;

/*
 * Which HTTP begins here. OK as soon as HTTP/2's preface, or a request line of HTTP/1, is complete; NONE for bytes that
 * are no method, and for a line that is no request. *looked, 0 at the beginning of a connection, keeps how far the end
 * of the line has been looked for; NULL for bytes that are looked at once. Errors: ERR_INSPECT_HTTP (a line of more than
 * FASTPATH_HTTP_LINE_MAX bytes).
 */
fp_status fp_http_detect(const uint8_t *data, size_t len, size_t *looked, fp_http_version *version, fp_error *error);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
