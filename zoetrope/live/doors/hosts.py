"""Which names this server answers to.

A page of another site can have its own name resolve to this machine ("DNS rebinding"): its requests
then come from "the same origin", and only their `Host` header still says whose page it is. So a
name is answered only where somebody here has chosen it.

Streamlit's own `server.allowedHosts` guards its socket alone, by a list that cannot name "the
address this request came in on". It is left as it is; `ZOETROPE_HOSTS` is the one setting.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Collection

from ae_core.errors import ConfigError

# Names beyond this machine's own, a comma between: ZOETROPE_HOSTS=lab.example,10.0.0.7
HOSTS_VARIABLE = "ZOETROPE_HOSTS"
OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


def chosen_names() -> frozenset[str]:
    """The names in `ZOETROPE_HOSTS`.

    Raises:
        ConfigError: An entry is no name: it has a scheme, a path or other signs.
    """
    entries = [entry.strip() for entry in os.environ.get(HOSTS_VARIABLE, "").split(",")]
    names = {entry: name_in(f"[{entry}]" if entry.count(":") > 1 else entry) for entry in entries}
    for entry, name in names.items():
        if entry and name is None:
            raise ConfigError(
                f"`{HOSTS_VARIABLE}` must list names or addresses, a comma between, without "
                f"scheme or path; got {entry!r}. Example: {HOSTS_VARIABLE}=lab.example,10.0.0.7"
            )
    return frozenset(name for name in names.values() if name)


def name_in(host: str) -> str | None:
    """The name in a `Host` header, lower case, without port, brackets or a final dot.

    None where it is not one name, or one name and a port.
    """
    match = _HOST.fullmatch(host)
    if match is None:
        return None
    return match[1].strip("[]").lower().rstrip(".") or None


def is_answered(name: str, names: Collection[str], own_address: str) -> bool:
    """Whether a request to `name` is meant for this server.

    Args:
        name: As `name_in` gives it.
        names: Names chosen here, beside `OWN_NAMES`.
        own_address: Where the request came in, the socket's own end: who listens on an address does
            so on purpose, and no foreign page can bear an address as its name.
    """
    return name in OWN_NAMES or name in names or _is_same_address(name, own_address)


def _is_same_address(name: str, own_address: str) -> bool:
    try:
        here, there = ipaddress.ip_address(own_address), ipaddress.ip_address(name)
    except ValueError:
        return False
    # A socket for both kinds of address tells an IPv4 one as ::ffff:192.0.2.1.
    return there in (here, getattr(here, "ipv4_mapped", None))
