"""Which numbers are machines of the open internet, so that a stranger's word may lead there."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NOT_PUBLIC = (
    ipaddress.ip_network("192.0.0.0/24"),  # one cloud keeps its metadata at .192
    ipaddress.ip_network("168.63.129.16/32"),  # and another here, though the address looks public
    ipaddress.ip_network("192.88.99.0/24"),  # relays of a tunnel that is no more
    ipaddress.ip_network("fec0::/10"),  # one site's own, in old use
    ipaddress.ip_network("3fff::/20"),  # documents
)


def is_public(ip: Ip) -> bool:
    """Whether this is a machine of the open internet; what an IPv6 address wraps has to be one as well."""
    wrapped = list(_wrapped(ip))
    # Where there is IPv6 alone, every machine with an IPv4 address is reached by this one: it is as public as that.
    if not (wrapped and ip in _NAT64) and not _is_of_the_world(ip):
        return False
    return all(map(is_public, wrapped))


def _is_of_the_world(ip: Ip) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip in network for network in _NOT_PUBLIC)


def _wrapped(ip: Ip) -> Iterable[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv4Address):
        return
    if ip.ipv4_mapped is not None:
        yield ip.ipv4_mapped
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield from ip.teredo
    if ip in _NAT64:
        yield ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
