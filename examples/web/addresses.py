"""The addresses of clients. A network that belongs to one customer counts as one address."""

import hmac
from ipaddress import IPv6Address, ip_address

from fastapi import Request

LONGEST = 64  # characters; a proxy can send any text


def address_of(request: Request) -> str:
    """Return the client's address. Proxies are only believed if FORWARDED_ALLOW_IPS names them."""
    return request.client.host[:LONGEST] if request.client else ""


def block_of(address: str) -> str:
    """Return the address, or the /64 network of an IPv6 address, because its owner can use all of it.

    Examples
    --------
    >>> block_of("203.0.113.7"), block_of("2001:db8::1"), block_of("::ffff:203.0.113.7")
    ('203.0.113.7', '2001:db8::/64', '203.0.113.7')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"


def source_of(request: Request) -> str:
    """Return a code for the client's address, from which the address cannot be read without the secret."""
    block = block_of(address_of(request)).encode()
    return hmac.digest(request.app.secret.encode(), block, "sha256").hex()[:16]
