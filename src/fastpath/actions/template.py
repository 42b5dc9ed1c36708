"""Templates of rewritten paths ("/users/{id}/profile").

Source: envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig.
"""

from __future__ import annotations

import re

from fastpath.errors import ConfigError

__all__ = ["MAX_LENGTH", "match_variables", "parse_rewrite"]

MAX_LENGTH = 256
_part = re.compile(r"\{([a-zA-Z][a-zA-Z0-9_]*)\}|([a-zA-Z0-9\-._~%!$&'()+,;:@=*/]+)")
_variable = re.compile(r"\{([a-zA-Z][a-zA-Z0-9_]*)")


def parse_rewrite(template: str) -> list[bytes | str]:
    """The template's pieces: bytes as they are, and names of variables. ConfigError for one that Envoy refuses."""
    if not 1 <= len(template) <= MAX_LENGTH:
        raise ConfigError(f"a template has 1 to {MAX_LENGTH} characters", code="config_template")
    if not template.startswith("/"):
        raise ConfigError('a template begins with "/"', index=0, code="config_template")
    double = template.find("//")
    if double >= 0:
        raise ConfigError('"//" is not allowed in a template', index=double, code="config_template")
    parts: list[bytes | str] = []
    at = 0
    while at < len(template):
        found = _part.match(template, at)
        if found is None:
            reason = f"{template[at]!r} at position {at} of the template is neither text nor a variable"
            raise ConfigError(reason, index=at, code="config_template")
        parts.append(found[1] if found[1] is not None else found[2].encode())
        at = found.end()
    return parts


def match_variables(template: str) -> frozenset[str]:
    """The names of the variables in a match's template."""
    return frozenset(_variable.findall(template))
