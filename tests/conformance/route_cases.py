"""Route configurations and requests near them, made of few words so that they collide; labelled with what they try."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

PATHS = "type.googleapis.com/envoy.extensions.path"
CLUSTERS = ("c0", "c1", "c2")
SEGMENTS = ("a", "b", "ab", "A", "api", "v1", "v22", "x.y", "a;p=1", "a-b", "%41", "~u", "B", "a*b", "v=1", "aab")
HOSTS = ("a.com", "b.a.com", "api.a.com", "x-b.org", "a.net", "A.COM", "a.com:80", "b.org")
DOMAINS = ("a.com", "b.a.com", "*.a.com", "*a.com", "a.*", "api.*", "*-b.org", "*.org", "a.com:80", "*")
NAMES = ("x-a", "x-b", "accept", "user-agent", "x-num", "content-type")
VALUES = ("", "a", "A", "ab", "b", "aB", "1", "10", "-5", "+7", "9223372036854775807", "a,b", "x y", "application/grpc")
REGEXES = (
    "/api/v[0-9]+/.*",
    "/(a|b)+",
    "/[^/]+/x",
    "/a.*b?",
    "(?i)/api(/.*)?",
    r"/\w+(/\w+)*",
    "/(a|ab)(b|c)?/?",
    "/a{1,2}/.+",
    ".*",
    r"/[a-z]+;.*",
    r"/.*\.y",
    "/api|/a",
)
TEMPLATES = (
    "/{x}",
    "/api/{ver}",
    "/api/{ver}/*",
    "/{a}/{b}",
    "/a/**",
    "/**",
    "/*/b",
    "/{rest=**}",
    "/{both=*/*}",
    "/a/{x=b/*}/ab",
    "/{name}.y",
    "/api/**.y",
    "/{p=a/**}",
    "/v=1/{z}",
    "/**/ab",
    "/v{major}/**",
    "/a{x}b/{y}.y",
    "/{x}.y/*",
    "/{x=**}b/ab",
)
VALUE_REGEXES = ("a.*", "[ab]+", "", ".", "[0-9]+", "(?i)AB", "a,b")
# What each of them takes.
TAKEN = {
    "a.*": ("a", "ab", "a,b"),
    "[ab]+": ("a", "ba"),
    ".": ("a", "1"),
    "[0-9]+": ("1", "10"),
    "(?i)AB": ("AB", "aB"),
    "a,b": ("a,b",),
}


def aspects(item: str) -> list[str]:
    """ "header exact, inverted" tries an exact match, and that it is inverted."""
    kind, *others = item.split(", ")
    return [kind, *(f"{kind.split()[0]}, {other}" for other in others)]


@dataclass
class Case:
    """A request aimed at a route, and what it tries."""

    request: bytes
    route: str
    items: tuple[str, ...]


@dataclass
class Configuration:
    """A RouteConfiguration, further fields of the connection manager, and what each route tries."""

    routes: Document
    manager: Document = field(default_factory=dict)
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    targets: list[tuple[Document, Document]] = field(default_factory=list)
    """Pairs of virtual host and route."""


class Maker:
    """Everything that is drawn comes from one seed."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.maybe: Callable[[float], bool] = lambda share: self.rng.random() < share

    # --- matches ---------------------------------------------------------------------------------------------------

    def path(self, most: int = 3) -> str:
        rng = self.rng
        path = "/" + "/".join(rng.choices(SEGMENTS, k=rng.randrange(most + 1)))
        return path + "/" if self.maybe(0.1) and path != "/" else path

    def path_match(self) -> tuple[Document, str]:
        rng = self.rng
        kind = rng.choices(("prefix", "path", "separated", "regex", "template", "connect"), (6, 3, 3, 4, 4, 1))[0]
        match kind:
            case "regex":
                return {"safe_regex": {"regex": rng.choice(REGEXES)}}, kind
            case "template":
                config = {
                    "@type": f"{PATHS}.match.uri_template.v3.UriTemplateMatchConfig",
                    "path_template": rng.choice(TEMPLATES),
                }
                policy = {"name": "envoy.path.match.uri_template.uri_template_matcher", "typed_config": config}
                return {"path_match_policy": policy}, kind
            case "connect":
                return {"connect_matcher": {}}, kind
        path = self.path()
        if kind == "separated":
            path = path.rstrip("/") or "/a"
        if kind == "prefix" and self.maybe(0.3):
            path = path[: rng.randrange(1, len(path) + 1)]
        found: Document = {{"prefix": "prefix", "path": "path", "separated": "path_separated_prefix"}[kind]: path}
        if self.maybe(0.25):
            found["case_sensitive"] = False
            kind += ", any case"
        return found, kind

    def string_match(self, *, regex: bool = True) -> tuple[Document, str]:
        rng = self.rng
        kinds = ("exact", "prefix", "suffix", "contains", "safe_regex") if regex else ("exact", "prefix", "suffix")
        kind = rng.choice(kinds)
        if kind == "safe_regex":
            return {kind: {"regex": rng.choice(VALUE_REGEXES[:2] + VALUE_REGEXES[3:])}}, kind
        value = rng.choice(VALUES if kind == "exact" else [value for value in VALUES if value])
        found: Document = {kind: value}
        if self.maybe(0.25):
            found["ignore_case"] = True
            kind += ", any case"
        return found, kind

    def header_match(self) -> tuple[Document, str]:
        rng = self.rng
        name = rng.choice((*NAMES, ":method", ":path", ":authority", "host", ":scheme"))
        found: Document = {"name": name}
        form = rng.choices(("string", "old", "range", "present", "bare"), (6, 5, 2, 3, 1))[0]
        label = form
        if form == "string":
            found["string_match"], label = self.string_match()
        elif form == "old":
            old = rng.choice(("exact_match", "prefix_match", "suffix_match", "contains_match", "safe_regex_match"))
            label = old
            if old == "safe_regex_match":
                found[old] = {"regex": rng.choice([regex for regex in VALUE_REGEXES if regex])}
            else:
                found[old] = rng.choice(VALUES if old == "exact_match" else [value for value in VALUES if value])
        elif form == "range":
            start = rng.choice((-(2**63), -10, 0, 1, 7))
            found["range_match"] = {"start": start, "end": start + rng.choice((1, 5, 100))}
            if self.maybe(0.7):
                found["name"] = "x-num"
        elif form == "present":
            found["present_match"] = self.maybe(0.6)
            label = f"present {found['present_match']}"
        if name == ":method" and form == "string":
            found["string_match"] = {"exact": rng.choice(("GET", "PUT", "OPTIONS"))}
            label = "method"
        if self.maybe(0.25):
            found["invert_match"] = True
            label += ", inverted"
        if self.maybe(0.2):
            found["treat_missing_header_as_empty"] = True
            label += ", missing as empty"
        return found, f"header {label}"

    def conditions(self) -> tuple[Document, list[str]]:
        rng = self.rng
        found: Document = {}
        items = []
        if self.maybe(0.45):
            found["headers"] = []
            for _ in range(rng.choice((1, 1, 1, 2))):
                header, item = self.header_match()
                found["headers"].append(header)
                items.append(item)
        if self.maybe(0.25):
            parameter: Document = {"name": rng.choice(("q", "r", "q%20"))}
            if self.maybe(0.7):
                parameter["string_match"], item = self.string_match()
            else:
                parameter["present_match"] = self.maybe(0.6)
                item = f"present {parameter['present_match']}"
            found["query_parameters"] = [parameter]
            items.append(f"query {item}")
        if self.maybe(0.12):
            cookie: Document = {"name": rng.choice(("k", "l"))}
            cookie["string_match"], item = self.string_match()
            if self.maybe(0.3):
                cookie["invert_match"] = True
                item += ", inverted"
            found["cookies"] = [cookie]
            items.append(f"cookie {item}")
        if self.maybe(0.08):
            found["grpc"] = {}
            items.append("grpc")
        if self.maybe(0.08):
            numerator = rng.choice((0, 100, 10_000, 1_000_000))
            denominator = rng.choice(("HUNDRED", "TEN_THOUSAND", "MILLION"))
            sure = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}[denominator]
            value = {"numerator": sure if numerator else 0, "denominator": denominator}
            found["runtime_fraction"] = {"default_value": value}
            items.append("runtime fraction")
        return found, items

    # --- actions ---------------------------------------------------------------------------------------------------

    def regex_rewrite(self) -> Document:
        pattern, substitution = self.rng.choice(
            (("a", "z"), ("^/([^/]*)", r"/n/\1"), ("/(.)(.*)", r"/\2\1"), ("b*", "-"), ("[0-9]+", r"<\0>"))
        )
        return {"pattern": {"regex": pattern}, "substitution": substitution}

    def forward(self, kind: str, match: Document) -> tuple[Document, list[str]]:
        rng = self.rng
        action: Document = {}
        items = []
        match rng.choices(("cluster", "weighted", "header"), (6, 2, 1))[0]:
            case "cluster":
                action["cluster"] = rng.choice(CLUSTERS)
            case "header":
                action["cluster_header"] = "x-cluster"
                items.append("cluster_header")
            case "weighted":
                weights = [rng.choice((0, 1, 2, 5)) for _ in CLUSTERS]
                weights[rng.randrange(3)] += 1
                action["weighted_clusters"] = {
                    "clusters": [
                        {"name": name, "weight": weight} | self.mutations(0.2)
                        for name, weight in zip(CLUSTERS, weights, strict=True)
                    ],
                    "header_name": "x-value",
                }
                items.append("weighted clusters by header")
        rewrite = rng.choices(("none", "prefix", "regex", "template"), (4, 3, 2, 2))[0]
        if rewrite == "prefix" and "template" not in kind and "connect" not in kind and "regex" not in kind:
            action["prefix_rewrite"] = rng.choice(("/", "/new", "/new/", "/x?y"))
            items.append("prefix_rewrite")
        elif rewrite == "regex":
            action["regex_rewrite"] = self.regex_rewrite()
            items.append("regex_rewrite")
        elif rewrite == "template" and kind == "template":
            template = match["path_match_policy"]["typed_config"]["path_template"]
            names = [part.split("}")[0].split("=")[0] for part in template.split("{")[1:]]
            parts = ["/t", *(f"/{{{name}}}" for name in rng.sample(names, len(names)))]
            action["path_rewrite_policy"] = {
                "name": "envoy.path.rewrite.uri_template.uri_template_rewriter",
                "typed_config": {
                    "@type": f"{PATHS}.rewrite.uri_template.v3.UriTemplateRewriteConfig",
                    "path_template_rewrite": "".join(parts),
                },
            }
            items.append("template rewrite")
        host = rng.choices(("none", "literal", "header", "path_regex"), (6, 2, 2, 2))[0]
        if host == "literal":
            action["host_rewrite_literal"] = "new.host"
            items.append("host_rewrite_literal")
        elif host == "header":
            action["host_rewrite_header"] = rng.choice(
                ("x-host",) * 6 + ("Host", ":authority", ":path", ":method", ":foo")
            )
            items.append("host_rewrite_header")
        elif host == "path_regex":
            action["host_rewrite_path_regex"] = {
                "pattern": {"regex": "^/([^/?]*).*$"},
                "substitution": r"\1.example",
            }
            items.append("host_rewrite_path_regex")
        if self.maybe(0.2):
            action["append_x_forwarded_host"] = True
            items.append("append_x_forwarded_host")
        return {"route": action}, items

    def redirect(self, kind: str) -> tuple[Document, list[str]]:
        rng = self.rng
        action: Document = {}
        match rng.choice(("none", "https", "scheme")):
            case "https":
                action["https_redirect"] = True
            case "scheme":
                action["scheme_redirect"] = rng.choice(("https", "http", "ftp"))
        if self.maybe(0.4):
            action["host_redirect"] = rng.choice(("new.host", "new.host:8080"))
        if self.maybe(0.3):
            action["port_redirect"] = rng.choice((80, 443, 8443))
        match rng.choice(("none", "path", "prefix", "regex")):
            case "path":
                action["path_redirect"] = rng.choice(("/new", "/new?own=1", "/"))
            case "prefix" if kind.split(",")[0] in ("prefix", "path", "separated"):
                action["prefix_rewrite"] = rng.choice(("/", "/new", "/new/"))
            case "regex":
                action["regex_rewrite"] = self.regex_rewrite()
        if self.maybe(0.4):
            action["strip_query"] = True
        if self.maybe(0.5):
            codes = ("MOVED_PERMANENTLY", "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT")
            action["response_code"] = rng.choice(codes)
        items = [f"redirect {name}" for name in action] or ["redirect"]
        return {"redirect": action}, items

    def mutations(self, share: float) -> Document:
        """Header mutations of one level. Their names begin with x-m-, by which they are compared."""
        rng = self.rng
        found: Document = {}
        actions = ("APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS")
        values = ("v", "w", "", "%REQ(x-a)%", "%REQ(:METHOD)%-%REQ(x-none?x-b)%", "%PROTOCOL%", "100%%", "%REQ(x-a):1%")
        for side in ("request", "response"):
            if self.maybe(share):
                found[f"{side}_headers_to_add"] = []
                for _ in range(rng.choice((1, 2))):
                    option: Document = {
                        "header": {
                            "key": rng.choice(("x-m-a", "x-m-b", "X-M-C", "x-m-u")),
                            "value": rng.choice(values),
                        },
                        "append_action": rng.choice(actions),
                    }
                    if self.maybe(0.3):
                        option["keep_empty_value"] = True
                    found[f"{side}_headers_to_add"].append(option)
            if self.maybe(share / 2):
                found[f"{side}_headers_to_remove"] = [rng.choice(("x-m-a", "x-m-b", "x-m-u", "X-M-C"))]
        return found

    # --- configurations --------------------------------------------------------------------------------------------

    def configuration(self, *, actions: bool) -> Configuration:
        """`actions`: with upstreams and mutations; otherwise each route answers itself, for the matching alone."""
        rng = self.rng
        domains = rng.sample(DOMAINS, len(DOMAINS))
        hosts = []
        made = Configuration({"virtual_hosts": hosts})
        for index in range(rng.choice((1, 1, 2, 3))):
            host: Document = {"name": f"h{index}", "domains": ["*"] if index == 0 else [domains.pop()], "routes": []}
            if index == 0 and self.maybe(0.3):
                host["domains"] = [domains.pop()]
            if "*" in host["domains"]:
                domains = [domain for domain in domains if domain != "*"]
            hosts.append(host)
            if actions:
                host.update(self.mutations(0.3))
            if self.maybe(0.05):
                host["require_tls"] = rng.choice(("ALL", "EXTERNAL_ONLY"))
            for number in range(rng.choice((1, 2, 2, 3, 4, 8, 16))):
                name = f"h{index}-{number}"
                match, kind = self.path_match()
                conditions, items = self.conditions() if self.maybe(0.3 if actions else 0.85) else ({}, [])
                route: Document = {"name": name, "match": match | conditions}
                items = [kind, *items]
                if not actions or kind == "connect":
                    route["direct_response"] = {"status": 200, "body": {"inline_string": name}}
                else:
                    choice = rng.choices(("forward", "redirect", "direct"), (6, 3, 1))[0]
                    if choice == "forward":
                        action, more = self.forward(kind, match)
                    elif choice == "redirect":
                        action, more = self.redirect(kind)
                    else:
                        status = rng.choice((200, 204, 403, 503))
                        action, more = {"direct_response": {"status": status}}, ["direct_response"]
                        if status != 204:
                            action["direct_response"]["body"] = {"inline_string": "direct"}
                    route.update(action | self.mutations(0.4))
                    items += more
                host["routes"].append(route)
                made.items[name] = tuple(dict.fromkeys(label for item in items for label in aspects(item)))
                made.targets.append((host, route))
        if actions:
            made.routes.update(self.mutations(0.3))
            made.routes["most_specific_header_mutations_wins"] = self.maybe(0.5)
        if self.maybe(0.2):
            made.manager[rng.choice(("strip_any_host_port", "strip_matching_host_port"))] = True
        for option in ("strip_trailing_host_dot", "normalize_path", "merge_slashes"):
            if self.maybe(0.2):
                made.manager[option] = True
        made.routes["ignore_port_in_host_matching"] = self.maybe(0.3)
        made.routes["ignore_path_parameters_in_path_matching"] = self.maybe(0.3)
        return made

    # --- requests --------------------------------------------------------------------------------------------------

    def host_for(self, domain: str) -> str:
        rng = self.rng
        if self.maybe(0.2):
            return rng.choice(HOSTS)
        host = domain.replace("*", rng.choice(("x", "x.y", ""))) or "any.host"
        if self.maybe(0.15):
            host = host.upper()
        if ":" not in host and self.maybe(0.2):
            host += rng.choice((":80", ":8080", ":08080"))
        if self.maybe(0.1):
            name, colon, port = host.partition(":")
            host = f"{name}.{colon}{port}"
        return host

    def path_for(self, match: Document) -> str:
        rng = self.rng
        path = next((match[kind] for kind in ("prefix", "path", "path_separated_prefix") if kind in match), None)
        if path is None:
            template = match.get("path_match_policy", {}).get("typed_config", {}).get("path_template")
            if template is not None:
                path = template
                for _ in range(template.count("{")):
                    before, _, rest = path.partition("{")
                    inner, _, after = rest.partition("}")
                    path = before + (inner.partition("=")[2] or "*") + after
                path = path.replace("**", rng.choice(("", "a", "a/b", "=")))
                while "*" in path:
                    path = path.replace("*", rng.choice((*SEGMENTS, "")), 1)
            else:
                path = rng.choice(
                    ("/api/v1/x", "/a", "/ab", "/abab", "/b/x", "/API/a", "/aa/b", "/a;b", "/q.y", "/api")
                )
        if self.maybe(0.3) or not path.startswith("/"):
            path = self.path() if self.maybe(0.4) else "/" + path.lstrip("/") + rng.choice(("/", "/a", "a", ";p"))
        if self.maybe(0.1):
            path = path.swapcase()
        if self.maybe(0.1):
            path += ";k=v"
        if self.maybe(0.1):
            path += rng.choice(("//b", "/./a", "/../b", "/%61", "/.."))
        return path

    def query_for(self, match: Document) -> str:
        rng = self.rng
        parts = []
        for parameter in match.get("query_parameters", ()):
            if self.maybe(0.75):
                parts.append(
                    f"{parameter['name']}={self.value_for(parameter.get('string_match', {}))}".replace(" ", "%20")
                )
        if self.maybe(0.3):
            parts.insert(rng.randrange(len(parts) + 1), rng.choice(("q=z", "q", "r=", "=", "q=a&q=b", "x=1;q=a", "")))
        return "&".join(parts)

    def value_for(self, string_match: Document) -> str:
        rng = self.rng
        if self.maybe(0.25):
            return rng.choice(VALUES)
        for kind in ("exact", "prefix", "suffix", "contains"):
            if kind in string_match:
                text: str = string_match[kind]
                before = "z" if kind in ("suffix", "contains") and self.maybe(0.5) else ""
                after = "z" if kind in ("prefix", "contains") and self.maybe(0.5) else ""
                text = before + text + after
                return text.swapcase() if self.maybe(0.2) else text
        regex = string_match.get("safe_regex", {}).get("regex")
        return rng.choice(TAKEN.get(regex, ("a", "ab", "ba", "1", "AB")))

    def case(self, made: Configuration) -> Case:
        rng = self.rng
        host, route = rng.choice(made.targets)
        match = route["match"]
        method = "CONNECT" if "connect_matcher" in match and self.maybe(0.8) else "GET"
        headers: list[tuple[str, str]] = []
        for header in match.get("headers", ()):
            name = header["name"]
            wanted = dict(header.get("string_match", {}))
            for old in ("exact", "prefix", "suffix", "contains"):
                if f"{old}_match" in header:
                    wanted[old] = header[f"{old}_match"]
            if name == ":method":
                method = wanted.get("exact", "PUT") if self.maybe(0.7) and "exact" in wanted else method
                if method not in ("GET", "PUT", "OPTIONS", "CONNECT"):
                    method = "GET"
            elif not name.startswith(":") and name != "host" and self.maybe(0.75):
                value = self.value_for(wanted)
                if "range_match" in header and self.maybe(0.7):
                    value = str(header["range_match"]["start"] + rng.choice((0, 1, -1)))
                headers.append((name, value))
                if self.maybe(0.25):
                    headers.insert(rng.randrange(len(headers) + 1), (name.upper(), rng.choice(VALUES)))
        for cookie in match.get("cookies", ()):
            if self.maybe(0.8):
                value = self.value_for(cookie.get("string_match", {}))
                if self.maybe(0.3):
                    value = f'"{value}"'
                before = rng.choice(("", "z=1; ", "k=q; ", ";", "novalue; "))
                headers.append(("cookie", f"{before}{cookie['name']}={value}"))
        if "grpc" in match and self.maybe(0.8):
            types = ("application/grpc", "application/grpc+proto", "application/grpc-web", "application/grpcx")
            headers.append(("content-type", rng.choice(types)))
        if self.maybe(0.2):
            headers.append((rng.choice(NAMES), rng.choice(VALUES)))
        if "route" in route:
            if self.maybe(0.6):
                headers.append(("x-value", rng.choice(("0", "1", "7", "12345678901", "18446744073709551615"))))
            if self.maybe(0.8):
                headers.append(("x-cluster", rng.choice((*CLUSTERS, "none"))))
            if self.maybe(0.6):
                headers.append(("x-host", rng.choice(("h.example", "h:1", ""))))
            for name in ("x-m-a", "x-m-b", "x-m-c"):
                if self.maybe(0.3):
                    headers.append((name, rng.choice(("1", ""))))
        if self.maybe(0.08):
            headers.append(("x-forwarded-proto", rng.choice(("https", "http", "HTTPS", "ftp", ""))))
        host_value = self.host_for(rng.choice(host["domains"]))
        if method == "CONNECT":
            target = f"{host_value.partition(':')[0]}:80"
            host_value = target
        else:
            query = self.query_for(match)
            target = self.path_for(match) + (f"?{query}" if query or self.maybe(0.05) else "")
        target = target.replace(" ", "")
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host_value}", *(f"{name}: {value}" for name, value in headers)]
        items = made.items[route["name"]]
        return Case("\r\n".join([*lines, "", ""]).encode(), route["name"], items)
