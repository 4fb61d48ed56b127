"""What the operating system says of a process group: its members, and where they listen (Linux: /proc)."""

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LISTEN = "0A"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def members(group: int) -> set[int]:
    """Ids of the group's processes that are no zombies."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, process_group = entry.read_text().rpartition(")")[2].split()[:3]
            if int(process_group) == group and state != "Z":
                found.add(int(entry.parent.name))
    return found


def listening_addresses(processes: set[int]) -> set[tuple[Address, int]]:
    """Addresses and ports on which these processes accept TCP connections or receive UDP."""
    inodes = set()
    for process in processes:
        with suppress(OSError):
            for descriptor in Path(f"/proc/{process}/fd").iterdir():
                with suppress(OSError):
                    inodes.add(str(descriptor.readlink()))
    return {
        (address, port)
        for table in ("tcp", "tcp6", "udp", "udp6")
        for address, port, inode in _sockets(table)
        if f"socket:[{inode}]" in inodes
    }


def _sockets(table: str) -> Iterator[tuple[Address, int, str]]:
    for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
        fields = line.split()
        if table.startswith("udp") or fields[3] == LISTEN:
            host, port = fields[1].split(":")
            yield _address(host), int(port, 16), fields[9]


def _address(host: str) -> Address:
    """An address as /proc writes it: 32-bit words in the machine's byte order."""
    words = [int(host[start : start + 8], 16) for start in range(0, len(host), 8)]
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    return ipaddress.ip_address(packed)
