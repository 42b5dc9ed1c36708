"""A cluster's subsets as the core takes them."""

from __future__ import annotations

from fastpath._subset import SubsetRules
from fastpath.errors import ConfigError
from fastpath.models import SubsetConfig, SubsetFallback

from .labels import MetadataMatch

__all__ = ["subset_rules"]

# The core numbers the cluster's policies as those of selectors.
_FALLBACKS = {SubsetFallback.NO_FALLBACK: 1, SubsetFallback.ANY_ENDPOINT: 2, SubsetFallback.DEFAULT_SUBSET: 3}


def subset_rules(config: SubsetConfig, path: str) -> SubsetRules:
    """ConfigError with a path below `path`, which is that of the config, for selectors that make no sense."""
    try:
        default = MetadataMatch(config.default_subset) if config.default_subset else None
    except TypeError as error:
        source = None if config.position is None else str(config.position)
        raise ConfigError(str(error), path=f"{path}.default_subset", source=source) from None
    try:
        return SubsetRules(
            [
                (
                    _texts(selector.keys),
                    selector.fallback_policy.value,
                    _texts(selector.fallback_keys_subset),
                    selector.single_host_per_subset,
                )
                for selector in config.selectors
            ],
            _FALLBACKS[config.fallback_policy],
            default,
            (
                config.panic_mode_any,
                config.allow_redundant_keys,
                config.locality_weight_aware,
                config.scale_locality_weight,
            ),
        )
    except ConfigError as error:
        if error.index is None:
            raise
        position = config.selectors[error.index].position
        source = None if position is None else str(position)
        where = f"{path}.selectors[{error.index}]"
        raise ConfigError(error.reason, path=where, source=source, code=error.code) from None


def _texts(keys: frozenset[str]) -> list[bytes]:
    return [key.encode("utf-8", "surrogateescape") for key in sorted(keys)]
