"""TCP ports of this machine's loopback: is one taken, and which ones are free."""

from __future__ import annotations

import socket
from random import SystemRandom

LOOPBACK = "127.0.0.1"
SERVER_PORTS = range(20_000, 32_000)
_MOST_TRIED = 200


def is_taken(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether another program listens on the port."""
    with socket.socket() as probe:
        # A port whose last connections are in TIME_WAIT can be listened on again, as servers do.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def free_ports(count: int) -> list[int]:
    """Return different ports that are free now; another program could take one before it is used. Raises OSError.

    They lie below the range the kernel gives to outgoing connections: there, a client that tries again and again to
    reach a dead server can be given the server's own port, connect to itself, and keep the server from coming back.
    """
    drawn = SystemRandom().sample(SERVER_PORTS, _MOST_TRIED)
    free = [port for port in drawn if not is_taken(port)][:count]
    if len(free) < count:
        raise OSError(f"of {_MOST_TRIED} ports tried, fewer than {count} are free")
    return free
