"""A request's head on standard input, where it goes on standard output: through the C ABI, on CPython or PyPy.

printf 'GET /shop/cart HTTP/1.1\r\nHost: shop.example\r\n\r\n' | pypy3 decide.py
"""

import sys

from fastpath.ffi import ffi, lib

CLUSTERS = ["shop", "files"]  # by the index of the route


class Refused(Exception):
    pass


def must(status, error):
    if status < lib.FASTPATH_OK:
        raise Refused(ffi.string(error.message).decode())


def span(data, offset, size):
    """Of `data`, which has to outlive it."""
    return {"data": data + offset, "len": size}


def make_table():
    builder = ffi.gc(lib.fp_route_builder_new(), lib.fp_route_builder_free)
    error, table = ffi.new("fp_error *"), ffi.new("fp_route_table **")
    must(lib.fp_route_builder_add_virtual_host(builder, error), error)
    must(lib.fp_route_builder_add_domain(builder, b"*.example", 9, error), error)
    for kind, path in (
        (lib.FASTPATH_ROUTE_PATH_SEPARATED, b"/shop"),
        (lib.FASTPATH_ROUTE_PATH_TEMPLATE, b"/files/{name=**}"),
    ):
        must(lib.fp_route_builder_add_route(builder, kind, path, len(path), 0, error), error)
    must(lib.fp_route_builder_build(builder, 0, table, error), error)
    return ffi.gc(table[0], lib.fp_route_table_unref)


def make_cluster(*hosts):
    """`hosts`: (address, port, weight)."""
    policy = lib.fp_lb_policy_get(lib.FASTPATH_LB_ROUND_ROBIN)
    config = ffi.new("fp_cluster_config *", {"policy": policy, "panic_threshold": 50})
    kept = [ffi.from_buffer("uint8_t[]", address) for address, _, _ in hosts]  # alive until the cluster is made
    endpoints = ffi.new(
        "fp_endpoint[]",
        [
            {"address": span(kept[index], 0, len(kept[index])), "port": port, "weight": weight}
            for index, (_, port, weight) in enumerate(hosts)
        ],
    )
    error, cluster = ffi.new("fp_error *"), ffi.new("fp_cluster **")
    must(lib.fp_cluster_new(config, endpoints, len(hosts), cluster, error), error)
    return ffi.gc(cluster[0], lib.fp_cluster_unref)


def decide(table, picker, head_bytes):
    """The cluster and the host, or a status to answer with."""
    data = ffi.from_buffer("uint8_t[]", head_bytes)
    fields = ffi.new("fp_http_field[]", 64)
    head = ffi.new("fp_http_head *", {"fields": fields, "field_capacity": 64})
    error = ffi.new("fp_error *")
    status = lib.fp_http_parse_request(data, len(head_bytes), ffi.NULL, head, error)
    if status < lib.FASTPATH_OK:
        print(f"refused at byte {error.position}: {ffi.string(error.message).decode()}")
        return error.http_status
    if status == lib.FASTPATH_NEED_MORE:
        return 408

    path_end = head.query_off + head.query_len if head.query_off else head.path_off + head.path_len
    request = ffi.new(
        "fp_route_request *",
        {
            "authority": span(data, head.authority_off, head.authority_len),
            "path": span(data, head.path_off, path_end - head.path_off),
            "method": span(data, head.method_off, head.method_len),
            "data": data,
            "fields": fields,
            "field_count": head.field_count,
        },
    )
    match, host = ffi.new("fp_route_match *"), ffi.new("fp_host **")
    if lib.fp_route_table_match(table, request, match) != lib.FASTPATH_OK:
        return 404
    if lib.fp_picker_pick(picker, ffi.NULL, host, ffi.NULL) != lib.FASTPATH_OK:
        return 503
    key = lib.fp_host_key(host[0])
    return CLUSTERS[match.route], bytes(ffi.buffer(key.data, key.len)).decode()


def main():
    table = make_table()
    cluster = make_cluster((b"10.0.0.1", 8080, 2), (b"10.0.0.2", 8080, 1))
    picker = ffi.gc(lib.fp_picker_new(cluster, 0), lib.fp_picker_free)
    answer = decide(table, picker, sys.stdin.buffer.read())
    print(answer if isinstance(answer, int) else " ".join(answer))
    return int(isinstance(answer, int))


if __name__ == "__main__":
    sys.exit(main())
