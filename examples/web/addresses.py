"""The addresses of clients. A network that belongs to one customer counts as one address."""

import hmac
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from fastapi import Request

FEWEST_BITS, FEWEST_BITS_OF_IPV6 = 8, 16  # prefix lengths of the widest networks of proxies
MOST_IN_WORDS = f"the size /{FEWEST_BITS} (/{FEWEST_BITS_OF_IPV6} for IPv6)"
UNKNOWN = "unknown"
LONGEST = 64  # characters; a proxy can send any text


def address_of(request: Request) -> str:
    """Return the client's address. Proxies are only believed if FORWARDED_ALLOW_IPS names them."""
    return request.client.host[:LONGEST] if request.client else ""


def block_of(address: str) -> str:
    """Return the address, or the /64 network of an IPv6 address, because its owner can use all of it.

    All texts that are not addresses count as one. A proxy may forward them, and anybody can invent more.

    Examples
    --------
    >>> block_of("203.0.113.7"), block_of("2001:db8::1"), block_of("::ffff:203.0.113.7"), block_of("x")
    ('203.0.113.7', '2001:db8::/64', '203.0.113.7', 'unknown')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return UNKNOWN
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"


def check_proxies(named: str) -> None:
    """Raise ValueError if a list of addresses and networks is not a list of proxies.

    If it named too many addresses, any client could pretend to have another one.
    """
    for one in filter(None, map(str.strip, named.split(","))):
        try:
            network = ip_network(one)
        except ValueError:
            network = None
        if network is None or is_too_wide(network):
            raise ValueError(
                "FORWARDED_ALLOW_IPS must list the addresses of your proxies, or networks of at most "
                f"{MOST_IN_WORDS}, separated by commas. Got {one[:LONGEST]!r} instead."
            )


def is_too_wide(network: IPv4Network | IPv6Network) -> bool:
    """Return whether a network is too large to belong to the proxies of a site."""
    if isinstance(network, IPv4Network):
        return network.prefixlen < FEWEST_BITS
    if (mapped := network.network_address.ipv4_mapped) and network.prefixlen >= 96:
        return is_too_wide(IPv4Network((mapped, network.prefixlen - 96)))
    return network.prefixlen < FEWEST_BITS_OF_IPV6 and not network.is_private


def source_of(request: Request) -> str:
    """Return a code for the client's address, from which the address cannot be read without the secret."""
    block = block_of(address_of(request)).encode()
    return hmac.digest(request.app.secret.encode(), block, "sha256").hex()[:16]
