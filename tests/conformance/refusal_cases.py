"""Route configurations that something is wrong with, or seems to be: who refuses them, Envoy or we."""

from __future__ import annotations

from typing import Any

from conformance.route_oracle import EXTENSIONS, Document

PATHS = "type.googleapis.com/envoy.extensions.path"
FAULT = f"{EXTENSIONS}.http.fault.v3.HTTPFault"


def hosts(*domains: list[str]) -> Document:
    """A virtual host for each list of domains."""
    found = [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]
    return {
        "virtual_hosts": [{"name": f"v{index}", "domains": each, "routes": found} for index, each in enumerate(domains)]
    }


def host(**fields: Any) -> Document:
    return {"virtual_hosts": [{"name": "v", "domains": ["*"], **fields}]}


def route(match: Document | None = None, action: Document | None = None, **fields: Any) -> Document:
    return host(
        routes=[{"match": match or {"prefix": "/"}, **(action or {"direct_response": {"status": 200}}), **fields}]
    )


def match(**conditions: Any) -> Document:
    return route({"prefix": "/", **conditions})


def header(**fields: Any) -> Document:
    return match(headers=[{"name": "x", **fields}])


def forward(**fields: Any) -> Document:
    return {"route": {"cluster": "c", **fields}}


def previous_priorities(**config: int) -> Document:
    kind = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
    return {"name": "envoy.retry_priorities.previous_priorities", "typed_config": {"@type": kind, **config}}


def regex(pattern: str) -> Document:
    return route({"safe_regex": {"regex": pattern}})


def rewrite(pattern: str, substitution: str) -> Document:
    return {"pattern": {"regex": pattern}, "substitution": substitution}


def template(text: str) -> Document:
    config = {"@type": f"{PATHS}.match.uri_template.v3.UriTemplateMatchConfig", "path_template": text}
    return {"path_match_policy": {"name": "envoy.path.match.uri_template.uri_template_matcher", "typed_config": config}}


def template_rewrite(text: str) -> Document:
    config = {"@type": f"{PATHS}.rewrite.uri_template.v3.UriTemplateRewriteConfig", "path_template_rewrite": text}
    return {"name": "envoy.path.rewrite.uri_template.uri_template_rewriter", "typed_config": config}


def adding(key: str, value: str = "v") -> Document:
    return route(request_headers_to_add=[{"header": {"key": key, "value": value}}])


def metadata(value: Document, path: tuple[str, ...] = ("a",), f: str = "f") -> Document:
    return match(dynamic_metadata=[{"filter": f, "path": [{"key": key} for key in path], "value": value}])


def nested_lists(depth: int) -> Document:
    value: Document = {"null_match": {}}
    for _ in range(depth):
        value = {"list_match": {"one_of": value}}
    return value


BOTH_REFUSE: dict[str, Document] = {
    "duplicate domain": hosts(["a"], ["a"]),
    "duplicate domain case": hosts(["a"], ["A"]),
    "duplicate in host": hosts(["a", "a"]),
    "two *": hosts(["*"], ["*"]),
    "two suffixes": hosts(["*.a"], ["*.a"]),
    "no domains": hosts([]),
    "domain NUL": hosts(["a\0b"]),
    "domain LF": hosts(["a\nb"]),
    "vh no name": {"virtual_hosts": [{"name": "", "domains": ["a"]}]},
    "bad regex (": regex("("),
    "bad regex a**": regex("a**"),
    "regex backref": regex(r"(a)\1"),
    "regex lookahead": regex("(?=a)"),
    "regex a{1001}": regex("a{1001}"),
    "regex empty": regex(""),
    "regex nested repeat": regex("((a{100}){100}){100}"),
    "template bad {": route(template("/{a")),
    "template no slash": route(template("a")),
    "template dup": route(template("/{a}/{a}")),
    "template 6 vars": route(template("/{a}/{b}/{c}/{d}/{e}/{f}")),
    "template ** middle": route(template("/**/a/**")),
    "template after **": route(template("/**/*")),
    "template name digit": route(template("/{1a}")),
    "template long": route(template("/" + "a" * 300)),
    "template name long": route(template("/{" + "a" * 17 + "}")),
    "template empty": route(template("")),
    "template space": route(template("/a b")),
    "rewrite template without match": route(action=forward(path_rewrite_policy=template_rewrite("/a"))),
    "rewrite template bad var": route(template("/{a}"), forward(path_rewrite_policy=template_rewrite("/{b}"))),
    "rewrite template no slash": route(template("/{a}"), forward(path_rewrite_policy=template_rewrite("{a}"))),
    "rewrite template brace": route(template("/{a}"), forward(path_rewrite_policy=template_rewrite("/{a"))),
    "prefix+regex rewrite": route(action=forward(prefix_rewrite="/a", regex_rewrite=rewrite("a", "b"))),
    "prefix+template rewrite": route(
        template("/{a}"), forward(prefix_rewrite="/a", path_rewrite_policy=template_rewrite("/{a}"))
    ),
    "regex+template rewrite": route(
        template("/{a}"), forward(regex_rewrite=rewrite("a", "b"), path_rewrite_policy=template_rewrite("/{a}"))
    ),
    "two host rewrites": route(action=forward(host_rewrite_literal="a", auto_host_rewrite=True)),
    "prefix_rewrite on template": route(template("/{a}"), forward(prefix_rewrite="/b")),
    "substitution LF": route(action=forward(regex_rewrite=rewrite("a", "\n"))),
    "rewrite regex bad": route(action=forward(regex_rewrite=rewrite("(", ""))),
    "rewrite regex empty": route(action=forward(regex_rewrite=rewrite("", ""))),
    "host_rewrite_path_regex bad": route(action=forward(host_rewrite_path_regex=rewrite("(", ""))),
    "direct 99": route(action={"direct_response": {"status": 99}}),
    "direct 100": route(action={"direct_response": {"status": 100}}),
    "direct 199": route(action={"direct_response": {"status": 199}}),
    "direct 600": route(action={"direct_response": {"status": 600}}),
    "direct none": route(action={"direct_response": {}}),
    "direct body big": route(action={"direct_response": {"status": 200, "body": {"inline_string": "x" * 5000}}}),
    "direct body empty": route(action={"direct_response": {"status": 200, "body": {}}}),
    "redirect code 9": route(action={"redirect": {"response_code": 9}}),
    "redirect path+prefix": route(action={"redirect": {"path_redirect": "/a", "prefix_rewrite": "/b"}}),
    "redirect https+scheme": route(action={"redirect": {"https_redirect": True, "scheme_redirect": "a"}}),
    "redirect path LF": route(action={"redirect": {"path_redirect": "/a\n"}}),
    "redirect host CR": route(action={"redirect": {"host_redirect": "a\r"}}),
    "redirect prefix LF": route(action={"redirect": {"prefix_rewrite": "/\n"}}),
    "sep /": route({"path_separated_prefix": "/"}),
    "sep a/": route({"path_separated_prefix": "/a/"}),
    "sep ?": route({"path_separated_prefix": "/a?"}),
    "sep #": route({"path_separated_prefix": "/a#"}),
    "sep empty": route({"path_separated_prefix": ""}),
    "sep one": route({"path_separated_prefix": "a"}),
    "two paths": route({"prefix": "/", "path": "/a"}),
    "no path": route({"headers": [{"name": "x"}]}),
    "no match": host(routes=[{"direct_response": {"status": 200}}]),
    "no action": host(routes=[{"match": {"prefix": "/"}}]),
    "two actions": host(routes=[{"match": {"prefix": "/"}, "direct_response": {"status": 200}, "redirect": {}}]),
    "prefix_rewrite LF": route(action=forward(prefix_rewrite="/\n")),
    "host_rewrite LF": route(action=forward(host_rewrite_literal="a\n")),
    "query name empty": match(query_parameters=[{"name": ""}]),
    "query name long": match(query_parameters=[{"name": "a" * 1025}]),
    "cookie name empty": match(cookies=[{"name": "", "string_match": {"exact": "a"}}]),
    "cookie name long": match(cookies=[{"name": "a" * 1025, "string_match": {"exact": "a"}}]),
    "cookie no match": match(cookies=[{"name": "a"}]),
    "add key empty": adding(""),
    "add key :path": adding(":path"),
    "add key host": adding("host"),
    "add key LF": adding("a\n"),
    "add value LF": adding("a", "b\n"),
    "add value CR": adding("a", "b\r"),
    "add value NUL": adding("a", "b\0"),
    "add value bad format": adding("a", "%REQ(%"),
    "add value unknown": adding("a", "%NOPE%"),
    "add value lone %": adding("a", "100%"),
    "remove empty": route(request_headers_to_remove=[""]),
    "remove host": route(request_headers_to_remove=["Host"]),
    "remove :path": route(request_headers_to_remove=[":path"]),
    "remove LF": route(request_headers_to_remove=["a\n"]),
    "resp remove :status": route(response_headers_to_remove=[":status"]),
    "weights 0": route(action={"route": {"weighted_clusters": {"clusters": [{"name": "c", "weight": 0}]}}}),
    "no weights": route(action={"route": {"weighted_clusters": {"clusters": []}}}),
    "weight missing": route(action={"route": {"weighted_clusters": {"clusters": [{"name": "c"}]}}}),
    "weight sum": route(
        action={
            "route": {
                "weighted_clusters": {"clusters": [{"name": "c", "weight": 2**32 - 1}, {"name": "d", "weight": 1}]}
            }
        }
    ),
    "weight no name": route(action={"route": {"weighted_clusters": {"clusters": [{"weight": 1}]}}}),
    "weight name+header": route(
        action={"route": {"weighted_clusters": {"clusters": [{"name": "c", "cluster_header": "x", "weight": 1}]}}}
    ),
    "cluster unknown": route(action={"route": {"cluster": "nope"}}),
    "cluster empty": route(action={"route": {"cluster": ""}}),
    "weighted unknown": route(action={"route": {"weighted_clusters": {"clusters": [{"name": "nope", "weight": 1}]}}}),
    "no cluster": route(action={"route": {}}),
    "two clusters": route(action={"route": {"cluster": "c", "cluster_header": "x"}}),
    "timeout negative": route(action=forward(timeout="-1s")),
    "timeout bad": route(action=forward(timeout="x")),
    "retries": route(action=forward(retry_policy={"retry_on": "5xx", "num_retries": -1})),
    "retry interval 0": route(action=forward(retry_policy={"retry_back_off": {"base_interval": "0s"}})),
    "retry interval max<base": route(
        action=forward(retry_policy={"retry_back_off": {"base_interval": "2s", "max_interval": "1s"}})
    ),
    "hash none": route(action=forward(hash_policy=[{}])),
    "hash header empty": route(action=forward(hash_policy=[{"header": {"header_name": ""}}])),
    "hash cookie empty": route(action=forward(hash_policy=[{"cookie": {"name": ""}}])),
    "hash query empty": route(action=forward(hash_policy=[{"query_parameter": {"name": ""}}])),
    "hash filter_state empty": route(action=forward(hash_policy=[{"filter_state": {"key": ""}}])),
    "hash cookie ttl neg": route(action=forward(hash_policy=[{"cookie": {"name": "a", "ttl": "-1s"}}])),
    "mirror no cluster": route(action=forward(request_mirror_policies=[{}])),
    "mirror unknown": route(action=forward(request_mirror_policies=[{"cluster": "nope"}])),
    "upgrade dup": route(
        action=forward(upgrade_configs=[{"upgrade_type": "websocket"}, {"upgrade_type": "WebSocket"}])
    ),
    "upgrade empty": route(action=forward(upgrade_configs=[{"upgrade_type": ""}])),
    "require_tls bad": host(require_tls="NOPE"),
    "not found code": route(action=forward(cluster_not_found_response_code=7)),
    "unknown field": route(nope=1),
    "prefix as number": route({"prefix": 5}),
    "meta no path": match(dynamic_metadata=[{"filter": "f", "value": {"null_match": {}}}]),
    "meta no value": match(dynamic_metadata=[{"filter": "f", "path": [{"key": "a"}]}]),
    "meta no filter": metadata({"null_match": {}}, f=""),
    "meta empty key": metadata({"null_match": {}}, path=("",)),
    "meta empty value": metadata({}),
    "meta two": metadata({"null_match": {}, "bool_match": True}),
    "meta or 1": metadata({"or_match": {"value_matchers": [{"null_match": {}}]}}),
    "meta or 0": metadata({"or_match": {}}),
    "meta list empty": metadata({"list_match": {}}),
    "meta double empty": metadata({"double_match": {}}),
    "meta prefix empty": metadata({"string_match": {"prefix": ""}}),
    "fs no key": match(filter_state=[{"key": "", "string_match": {"exact": "a"}}]),
    "fs no matcher": match(filter_state=[{"key": "a"}]),
    "fs address bad": match(
        filter_state=[{"key": "a", "address_match": {"ranges": [{"address_prefix": "x", "prefix_len": 1}]}}]
    ),
    "fs address 129": match(
        filter_state=[{"key": "a", "address_match": {"ranges": [{"address_prefix": "1.2.3.4", "prefix_len": 129}]}}]
    ),
    "fs address no prefix": match(filter_state=[{"key": "a", "address_match": {"ranges": [{"prefix_len": 1}]}}]),
    "fault status 99": route(
        typed_per_filter_config={"envoy.filters.http.fault": {"@type": FAULT, "abort": {"http_status": 99}}}
    ),
    "fault delay 0": route(
        typed_per_filter_config={"envoy.filters.http.fault": {"@type": FAULT, "delay": {"fixed_delay": "0s"}}}
    ),
    "fault null": route(typed_per_filter_config={"envoy.filters.http.fault": None}),
    "fault empty abort": route(typed_per_filter_config={"envoy.filters.http.fault": {"@type": FAULT, "abort": {}}}),
    "virtual cluster no headers": host(virtual_clusters=[{"name": "a"}]),
    "virtual cluster no name": host(virtual_clusters=[{"headers": [{"name": "x"}]}]),
    "internal header LF": {**hosts(["a"]), "internal_only_headers": ["a\n"]},
}

BOTH_TAKE: dict[str, Document] = {
    "empty domain": hosts([""]),
    "domain **": hosts(["**"]),
    "domain a*b": hosts(["a*b"]),
    "domain *a*": hosts(["*a*"]),
    "domain space": hosts(["a b"]),
    "same vh name": {"virtual_hosts": [{"name": "v", "domains": ["a"]}, {"name": "v", "domains": ["b"]}]},
    "regex \\C": regex(r"\C"),
    "regex (a+)+$": regex("(a+)+$"),
    "regex NUL": regex("a\0b"),
    "regex LF": regex("a\nb"),
    "prefix_rewrite on regex": route({"safe_regex": {"regex": "/a"}}, forward(prefix_rewrite="/b")),
    "prefix_rewrite on connect": route({"connect_matcher": {}}, forward(prefix_rewrite="/b")),
    "direct 200": route(action={"direct_response": {"status": 200}}),
    "direct 599": route(action={"direct_response": {"status": 599}}),
    "redirect prefix on regex": route({"safe_regex": {"regex": "/a"}}, {"redirect": {"prefix_rewrite": "/b"}}),
    "prefix empty": route({"prefix": ""}),
    "path empty": route({"path": ""}),
    "prefix no slash": route({"prefix": "a"}),
    "prefix TAB": route({"prefix": "/a\t"}),
    "sep no slash": route({"path_separated_prefix": "ab"}),
    "prefix_rewrite TAB": route(action=forward(prefix_rewrite="/\t")),
    "host_rewrite TAB": route(action=forward(host_rewrite_literal="a\t")),
    "query name 1024": match(query_parameters=[{"name": "a" * 1024}]),
    "add value TAB": adding("a", "b\t"),
    "add value é": adding("x", "é"),
    "total_weight differs": route(
        action={"route": {"weighted_clusters": {"clusters": [{"name": "c", "weight": 1}], "total_weight": 5}}}
    ),
    "vhost_header :foo": {**hosts(["a"]), "vhost_header": ":foo"},
    "name LF": route(name="a\n"),
    "number as string": route(action={"direct_response": {"status": "200"}}),
    "meta double inf": metadata({"double_match": {"exact": "Infinity"}}),
    "meta range empty": metadata({"double_match": {"range": {}}}),
    "meta range down": metadata({"double_match": {"range": {"start": 2, "end": 1}}}),
    "fs address empty": match(filter_state=[{"key": "a", "address_match": {}}]),
    "fs address 33": match(
        filter_state=[{"key": "a", "address_match": {"ranges": [{"address_prefix": "1.2.3.4", "prefix_len": 33}]}}]
    ),
    "fs address no len": match(
        filter_state=[{"key": "a", "address_match": {"ranges": [{"address_prefix": "1.2.3.4"}]}}]
    ),
    "internal header space": {**hosts(["a"]), "internal_only_headers": ["x y"]},
}

ONLY_WE_REFUSE: dict[str, Document] = {
    # Envoy finds out when it has to try again.
    "retry priority every 0": route(
        action=forward(retry_policy={"retry_priority": previous_priorities(update_frequency=0)})
    ),
    "retry priority": route(action=forward(retry_policy={"retry_priority": previous_priorities()})),
    "domain long": hosts(["a" * 600]),
    "template a*b": route(template("/a*b")),
    "substitution \\2": route(action=forward(regex_rewrite=rewrite("(a)", r"\2"))),
    "substitution \\": route(action=forward(regex_rewrite=rewrite("a", "\\"))),
    "substitution \\x": route(action=forward(regex_rewrite=rewrite("a", r"\x"))),
    "host path subst \\2": route(action=forward(host_rewrite_path_regex=rewrite("(a)", r"\2"))),
    "redirect port 70000": route(action={"redirect": {"port_redirect": 70000}}),
    "redirect scheme NUL": route(action={"redirect": {"scheme_redirect": "a\0"}}),
    "redirect scheme odd": route(action={"redirect": {"scheme_redirect": "a b"}}),
    "redirect regex subst": route(action={"redirect": {"regex_rewrite": rewrite("a", r"\2")}}),
    "prefix NUL": route({"prefix": "/a\0"}),
    "prefix LF": route({"prefix": "/a\n"}),
    "path CR": route({"path": "/a\r"}),
    "prefix DEL": route({"prefix": "/a\x7f"}),
    "header exact LF": header(string_match={"exact": "a\n"}),
    "header exact_match NUL": header(exact_match="a\0"),
    "header exact_match LF": header(exact_match="a\n"),
    "header prefix CR": header(string_match={"prefix": "a\r"}),
    "header contains NUL": header(string_match={"contains": "a\0"}),
    "query exact LF": match(query_parameters=[{"name": "q", "string_match": {"exact": "a\n"}}]),
    "cookie exact NUL": match(cookies=[{"name": "q", "string_match": {"exact": "a\0"}}]),
    "query name LF": match(query_parameters=[{"name": "a\n"}]),
    "query name NUL": match(query_parameters=[{"name": "a\0"}]),
    "cookie name LF": match(cookies=[{"name": "a\n", "string_match": {"exact": "a"}}]),
    "add key space": adding("x y"),
    "add key é": adding("x-é"),
    "remove space": route(request_headers_to_remove=["x y"]),
    "cluster NUL": {**route(action={"route": {"cluster": "c\0"}}), "validate_clusters": False},
    "retry status 99": route(action=forward(retry_policy={"retriable_status_codes": [99]})),
    "retry_on unknown": route(action=forward(retry_policy={"retry_on": "nope"})),
    "hash header space": route(action=forward(hash_policy=[{"header": {"header_name": "x y"}}])),
    "mirror header space": route(action=forward(request_mirror_policies=[{"cluster_header": "x y"}])),
    "random header space": route(
        action={"route": {"weighted_clusters": {"clusters": [{"name": "c", "weight": 1}], "header_name": "x y"}}}
    ),
    "vhost_header space": {**hosts(["a"]), "vhost_header": "x y"},
    "vhost_header LF": {**hosts(["a"]), "vhost_header": "a\n"},
    "meta key LF": metadata({"null_match": {}}, path=("a\n",)),
    "meta key NUL": metadata({"null_match": {}}, path=("a\0",)),
    "meta filter LF": metadata({"null_match": {}}, f="f\n"),
    "meta deep": metadata(nested_lists(40)),
    "meta string exact LF": metadata({"string_match": {"exact": "a\n"}}),
    "fs key LF": match(filter_state=[{"key": "a\n", "string_match": {"exact": "a"}}]),
    "internal header empty": {**hosts(["a"]), "internal_only_headers": [""]},
}
"""docs/routing.md says why."""

ONLY_ENVOY_REFUSES: dict[str, Document] = {
    "regex big alternation": regex("|".join(f"/x{i}" for i in range(20000))),
    "regex max_program_size": route({"safe_regex": {"google_re2": {"max_program_size": 1}, "regex": "/abcdefgh"}}),
}
"""Its bound on the size of RE2's programs is 100 unless its runtime says otherwise; ours is another."""
