"""What the local AWS tells of its streams, for as long as it does."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from scripts.local.emulated.writes import PATH

SILENCE_SECONDS = 30.0  # it says something every ten


def news(endpoint: str) -> Iterator[set[str]]:
    """The ARNs of streams that have just been written to. The first news, of none, says that all
    is told from then on. When nothing more is, it ends, or raises OSError, HTTPException or
    ValueError.
    """
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=SILENCE_SECONDS)
    try:
        connection.request("GET", PATH)
        with connection.getresponse() as answer:
            if answer.status != 200:
                raise http.client.HTTPException(f"the local AWS answers {answer.status}")
            for line in answer:
                if line.strip():  # else it only says that it is there
                    yield set(json.loads(line))
    finally:
        connection.close()
