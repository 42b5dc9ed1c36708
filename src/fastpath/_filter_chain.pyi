from fastpath.models import FilterChain

_Ranges = list[tuple[bytes, int]]

class FilterChainTableBuilder:
    def add(
        self,
        *,
        destination_port: int,
        destinations: _Ranges,
        server_names: list[bytes],
        transport_protocol: bytes,
        application_protocols: list[bytes],
        direct_sources: _Ranges,
        source_type: int,
        sources: _Ranges,
        source_ports: list[int],
    ) -> None: ...
    def build(self, chains: tuple[FilterChain, ...]) -> FilterChainTableSnapshot: ...

class FilterChainTableSnapshot:
    @property
    def chains(self) -> tuple[FilterChain, ...]: ...
    def match(
        self,
        destination: bytes,
        destination_port: int,
        server_name: bytes,
        transport_protocol: bytes,
        application_protocols: bytes,
        direct_source: bytes,
        source: bytes,
        source_port: int,
    ) -> FilterChain | None: ...
