"""Decides which network addresses may be connected to, and removes secrets from URLs before people see them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from services.common.errors import BadInput

__all__ = ["AllowedAddresses", "redact_url", "refusal_reason"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Networks that must not be reached, with the reason shown to people; the first match counts. All other addresses that
#: are not global according to the IANA special-purpose registries (``ipaddress.is_global``) are refused as reserved.
_FORBIDDEN: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), name)
    for network, name in (
        ("127.0.0.0/8", "this machine itself (loopback)"),
        ("::1/128", "this machine itself (loopback)"),
        ("0.0.0.0/8", "this machine itself (unspecified)"),
        ("::/128", "this machine itself (unspecified)"),
        ("169.254.169.254/32", "a cloud's metadata service"),
        ("fd00:ec2::254/128", "a cloud's metadata service"),
        ("100.100.100.200/32", "a cloud's metadata service"),
        ("192.0.0.192/32", "a cloud's metadata service"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("10.0.0.0/8", "a private network"),
        ("172.16.0.0/12", "a private network"),
        ("192.168.0.0/16", "a private network"),
        ("fc00::/7", "a private network"),
        ("fec0::/10", "a private network"),
        ("100.64.0.0/10", "a carrier's shared network (CGNAT)"),
        ("169.254.0.0/16", "a link-local address"),
        ("fe80::/10", "a link-local address"),
        ("224.0.0.0/4", "a multicast address"),
        ("ff00::/8", "a multicast address"),
    )
)
_SIXTOFOUR = ip_network("2002::/16")
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_IPV4_COMPATIBLE = ip_network("::/96")

_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+)(?::(?P<port>\d{1,5}))?")
_SECRET_PARAMETER = re.compile(r"(?i)pass|secret|token|key|auth|sig|credential")


@dataclass(frozen=True, slots=True)
class AllowedAddresses:
    """Private networks and hosts that may be reached. Hosts are given by name or address, for one port or for all."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> AllowedAddresses:
        """Parse settings such as ``10.1.0.0/16``, ``feeds.intranet``, ``feeds.intranet:8080`` or ``[::1]:8080``.

        Raises:
            BadInput: an entry is neither a network nor a host.
        """
        networks: list[Network] = []
        hosts: set[tuple[str, int | None]] = set()
        for entry in entries:
            match = _HOST_AND_PORT.fullmatch(entry.strip())
            if match and "/" not in entry:
                port = match["port"]
                hosts.add((match["host"].strip("[]").lower().rstrip("."), int(port) if port else None))
                continue
            try:
                networks.append(ip_network(entry.strip()))
            except ValueError as error:
                raise BadInput(
                    f"The allowed address {entry!r} is neither a network nor a host ({error}).",
                    fix="Write it as 10.1.0.0/16, feeds.intranet or feeds.intranet:8080.",
                ) from None
        return cls(tuple(networks), frozenset(hosts))

    def allows(self, host: str, address: Address, port: int) -> bool:
        """Return whether ``address`` of ``host`` is allowed: by host name, by address, or by network."""
        names = (host.lower().strip("[]").rstrip("."), str(address))
        if any((name, wanted) in self.hosts for name in names for wanted in (port, None)):
            return True
        return any(address in network for network in self.networks)


def refusal_reason(host: str, address: str, port: int, allowed: AllowedAddresses) -> str | None:
    """Return the reason not to connect to ``address``, to which ``host`` resolves; None if connecting is allowed.

    For IPv4 addresses embedded in IPv6 (mapped, compatible, 6to4, Teredo, NAT64), the IPv4 address decides.
    """
    parsed = ip_address(address)
    for candidate in _destinations(parsed):
        if allowed.allows(host, candidate, port):
            continue
        for network, name in _FORBIDDEN:
            if candidate in network:
                return name
        if not candidate.is_global or candidate.is_reserved:
            return "a reserved address"
    return None


def _destinations(address: Address) -> tuple[Address, ...]:
    """Return the addresses at which traffic for ``address`` may end; all of them must be allowed."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _SIXTOFOUR and address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if any(address in network for network in _NAT64):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    if address in _IPV4_COMPATIBLE and int(address) > 1:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return (address,)


def redact_url(url: str) -> str:
    """Return ``url`` for messages and logs: without user and password, with parameters such as ``token`` masked."""
    try:
        parts = urlsplit(url)
        query = parts.query
        if _SECRET_PARAMETER.search(query):
            query = "&".join(
                f"{quote(name)}={'***' if _SECRET_PARAMETER.search(name) else quote(value)}"
                for name, value in parse_qsl(query, keep_blank_values=True)
            )
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
    except ValueError:
        return url.rpartition("@")[2]
