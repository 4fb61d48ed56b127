"""The process that plays what `local.ON_MOTO` names (EC2, IAM, Auto Scaling, …): strict moto on a loopback port.

It does what AWS does beside the API: it puts a `Tag Change on Resource` event on the event bus for each change.
GuardDuty has no detector here: its findings come on the event bus only.
"""

import argparse
import logging
import queue
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from console.cloud import strict_moto
from console.cloud.correction import corrected
from console.cloud.service_events import put_service_event
from console.cloud.state import STATE, TagEvent
from console.cloud.watchdog import end_with_parent

LAYER = strict_moto.CORRECTED


def forward(events: "queue.Queue[TagEvent]", endpoint: str) -> None:
    """Put each event on the bus, one after another, so that they arrive in the order of the changes."""
    while True:
        put_service_event(endpoint, events.get())


def main() -> None:
    """Serve until killed; `--events` is the endpoint of the event bus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--events", required=True)
    arguments = parser.parse_args()
    end_with_parent()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    events: queue.Queue[TagEvent] = queue.Queue()
    threading.Thread(target=forward, args=(events, arguments.events), daemon=True).start()
    application = DomainDispatcherApplication(create_backend_app)
    with corrected():
        STATE.listeners.append(events.put)
        server = make_server(
            "127.0.0.1", arguments.port, application, threaded=True, request_handler=MotoRequestHandler
        )
        server.serve_forever()


if __name__ == "__main__":
    main()
