/*
 * fastpath/inspect.h - the first bytes of a connection, looked at and left where they are: PROXY protocol, TLS
 * ClientHello, HTTP/1 or HTTP/2.
 *
 * Each call is given all bytes that have arrived so far and answers
 *   OK         yes; the result is filled in
 *   NONE       no, and more bytes would not change that
 *   NEED_MORE  a valid beginning
 *   < 0        it began as one and is broken
 * The verdict depends on the bytes alone, not on the pieces they came in. Nothing is consumed, nothing is allocated,
 * nothing is read past the end, and the time is linear in what is looked at, which is bounded. Threads: any.
 */
#ifndef FASTPATH_INSPECT_H
#define FASTPATH_INSPECT_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_CLIENT_HELLO_MAX 16384 /* bytes of a hello that is looked at, as in Envoy's tls_inspector */

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
  uint32_t tlvs_offset; /* version 2: type-length-value triples, well-formed */
  uint32_t tlvs_len;
} fp_proxy_header;

/*
 * A PROXY header of version 1 or 2 (haproxy.org, proxy-protocol.txt) at the beginning of data. Version 1 has at most 107
 * bytes. Errors: ERR_INSPECT_PROXY (not as specified, ports and addresses out of range, TLVs that overrun, a CRC32C that
 * is not that of the header), with `position`.
 */
fp_status fp_proxy_header_parse(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error);

/* A ClientHello (RFC 8446, 4.1.2). Offsets are into the bytes of the handshake message, see fp_client_hello_parse. */
typedef struct fp_client_hello {
  uint16_t legacy_version; /* 0x0303 from TLS 1.2 on */
  uint16_t max_version;    /* the highest that is offered, values that are reserved for grease left out */
  uint32_t len;            /* bytes of the records that hold the message */
  fp_span server_name;     /* of the first host_name in server_name; data NULL without one */
  fp_span alpn;            /* the protocol names, each behind its length; data NULL without the extension */
  fp_span cipher_suites;   /* two bytes each */
  fp_span extensions;      /* all of them */
} fp_client_hello;

/*
 * A TLS ClientHello at the beginning of data. The message may be cut into records of any length; when it is, it is put
 * together in `scratch`, FASTPATH_CLIENT_HELLO_MAX bytes of the caller's, and the spans point there, else into data. A
 * hello of more than FASTPATH_CLIENT_HELLO_MAX bytes is refused. NONE: not a TLS handshake record with a ClientHello.
 * Errors: ERR_INSPECT_TLS (a record or a message that is not well-formed, an extension that is there twice, too large).
 */
fp_status fp_client_hello_parse(const uint8_t *data, size_t len, uint8_t *scratch, fp_client_hello *hello,
                                fp_error *error);

/* Take the first protocol name off an ALPN list: 1 and the name, or 0 at the end. */
int fp_alpn_next(fp_span *list, fp_span *name);

/* What a plain connection speaks. */
typedef enum fp_http_version {
  FASTPATH_HTTP_1_0 = 10,
  FASTPATH_HTTP_1_1 = 11,
  FASTPATH_HTTP_2 = 20 /* its connection preface (RFC 9113, 3.4) */
} fp_http_version;

/*
 * Which HTTP begins here. OK as soon as HTTP/2's preface, or a request line of HTTP/1, is complete; NONE for bytes that
 * no request line begins with (a method is at most 32 token characters), and for a line of more than 64 KiB.
 */
fp_status fp_http_detect(const uint8_t *data, size_t len, fp_http_version *version);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
