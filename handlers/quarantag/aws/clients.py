"""Clients of AWS's services over one session: who asks for the same one gets the same one."""

from collections.abc import Callable
from functools import partial
from threading import RLock
from typing import Any

from botocore import __version__ as botocore_version
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import get_session

_CONNECTIONS = 32
"""Kept open by each client: more calls go out at once than botocore's ten, and a new one costs a TLS handshake."""


def _config(attempts: int, connect: float, read: float) -> Config:
    """So many attempts, each with so many seconds to connect and to read."""
    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    return Config(
        retries=retries,
        connect_timeout=connect,
        read_timeout=read,
        max_pool_connections=_CONNECTIONS,
        user_agent=f"Quarantag Botocore/{botocore_version}",  # CloudTrail shows it; else it is composed for each call
    )


RETRIED = _config(attempts=4, connect=3, read=10)
SENT_ONCE = _config(attempts=1, connect=3, read=20)
"""For what would be done twice if it were sent twice."""
LEDGER = _config(attempts=3, connect=1, read=3)
"""A ledger out of reach must not hold up the cut."""
LOOK = _config(attempts=3, connect=2, read=5)
"""For what the sweep asks again anyway."""


class Clients:
    """Makes clients over one session: one at a time, since a session is not safe for threads.

    botocore's own clients, which are those of boto3: importing boto3 besides would only take time.
    """

    def __init__(self, region: str, models: str = "") -> None:
        """Make the session; with `models`, botocore's data is read from that folder alone."""
        self._session = get_session()
        if models:
            loader = Loader(extra_search_paths=[models], include_default_search_paths=False)
            self._session.register_component("data_loader", loader)
        self._region = region
        self._lock = RLock()
        self._made: dict[tuple[str, int, str], Any] = {}

    def client(self, service: str, config: Config = RETRIED, region: str = "") -> Any:  # noqa: ANN401 - a client's type is its service's
        """Make a client of this service, or give the one that was made with this very `config` for this Region."""
        place = region or self._region
        key = service, id(config), place
        with self._lock:
            if key not in self._made:
                self._made[key] = self._session.create_client(service, region_name=place, config=config)
            return self._made[key]

    @property
    def services(self) -> frozenset[str]:
        """Names of the services of which there is a client by now."""
        return frozenset(service for service, _, _ in self._made)

    def later(self, service: str, config: Config = RETRIED) -> Callable[[], Any]:
        """Make it only once it is called for."""
        return partial(self.client, service, config)
