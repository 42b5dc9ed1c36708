from typing import Literal, final

_EscapedSlashes = Literal["keep", "reject", "redirect", "forward"]

@final
class PathNormalizer:
    def __new__(
        cls,
        *,
        escaped_slashes: _EscapedSlashes = "reject",
        normalize: bool = True,
        merge_slashes: bool = True,
        strip_parameters: bool = False,
        reject_backslash: bool = True,
        reject_invalid: bool = True,
    ) -> PathNormalizer: ...
    @staticmethod
    def envoy(
        *,
        escaped_slashes: _EscapedSlashes = "keep",
        normalize: bool = False,
        merge_slashes: bool = False,
        strip_parameters: bool = False,
    ) -> PathNormalizer: ...
    def normalize(self, target: bytes, /) -> bytes: ...
    def resolve(self, target: bytes, /) -> tuple[bytes, bool]: ...

def normalize_path(target: bytes, /) -> bytes: ...
