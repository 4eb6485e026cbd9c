"""`python -m scripts.local.streams ENDPOINT PORT CHECKPOINTS`: run until a signal comes."""

import signal
import sys
import threading
from functools import partial
from pathlib import Path

from scripts.local.clients import Clients
from scripts.local.errors import LocalError
from scripts.local.streams.control import Server
from scripts.local.streams.news import news
from scripts.local.streams.runner import Runner


def main(endpoint: str, port: str, checkpoints: str) -> None:
    try:
        runner = Runner(Clients(endpoint), Path(checkpoints))
        server = Server(int(port), runner)
    except (LocalError, OSError) as error:
        sys.exit(str(error))
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=runner.listen, args=[partial(news, endpoint)], daemon=True).start()
    runner.start()
    over.wait()
    server.shutdown()
    runner.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
