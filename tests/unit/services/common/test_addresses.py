from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.addresses import AllowedAddresses, redact_url, refusal_reason
from services.common.errors import BadInput

NOTHING = AllowedAddresses()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.1.2.3",  # noqa: S104
        "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1",
        "169.254.169.254", "168.63.129.16", "100.100.100.200", "224.0.0.1", "239.255.255.250", "255.255.255.255",
        "198.18.0.1", "192.0.2.1", "240.0.0.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1",
        "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(address: str) -> None:
    assert refusal_reason("news.example", address, 443, NOTHING) is not None


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert refusal_reason("news.example", address, 443, NOTHING) is None


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_private_ipv4_addresses_inside_ipv6_are_refused(address: object) -> None:
    for wrapped in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"):
        assert refusal_reason("x", wrapped, 80, NOTHING) is not None


def test_exceptions_are_given_by_name_address_or_network_and_port() -> None:
    allowed = AllowedAddresses.parse(["10.1.0.0/16", "feeds.intranet:8080", "[::1]:80", "192.168.7.7"])
    assert refusal_reason("a", "10.1.2.3", 1, allowed) is None
    assert refusal_reason("a", "10.2.2.3", 1, allowed) is not None
    assert refusal_reason("Feeds.Intranet.", "10.2.2.3", 8080, allowed) is None
    assert refusal_reason("feeds.intranet", "10.2.2.3", 80, allowed) is not None
    assert refusal_reason("::1", "::1", 80, allowed) is None
    assert refusal_reason("a", "192.168.7.7", 9999, allowed) is None
    assert refusal_reason("a", "::ffff:192.168.7.7", 9999, allowed) is None


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "http://feeds.intranet", "a b", ""])
def test_an_invalid_entry_is_named(entry: str) -> None:
    with pytest.raises(BadInput, match="neither a network nor a host"):
        AllowedAddresses.parse([entry])


def test_secrets_are_redacted() -> None:
    shown = redact_url("https://user:pw@news.example:8443/feed?id=3&api_key=hush#x")
    assert shown == "https://news.example:8443/feed?id=3&api_key=***"
    assert redact_url("http://u:p@[bad") == "[bad"
