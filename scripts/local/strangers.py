"""Whom the local AWS answers: programs and pages of this machine.

Its ports are open to this machine only, but a browser is on it, too, and any page may have it send
requests here: from its own site, or under a name of its own that it lets point here. With keys that
everybody knows it could make a function, which is a program that runs on this machine.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

_NAME = r"(127\.0\.0\.1|\[::1\]|([a-z0-9_-]+\.)*localhost)(:\d+)?"
_OUR_NAME = re.compile(_NAME, re.ASCII | re.IGNORECASE)
_OUR_PAGE = re.compile(rf"https?://{_NAME}(/.*)?", re.ASCII | re.IGNORECASE)


def refusal(headers: Iterable[tuple[str, str]], any_page: bool = False) -> str | None:
    """Why a request is not answered, None if it is."""
    sent = defaultdict(list)
    for name, value in headers:
        sent[name.lower()].append(value)
    hosts, pages = sent["host"], sent["origin"] or sent["referer"]
    if not hosts or not all(map(_OUR_NAME.fullmatch, hosts)):
        named = " and ".join(hosts) or "none"
        return f"The local AWS is called 127.0.0.1, localhost or something.localhost, not {named}."
    # Of an image, for example, browsers may not say whose it is, but that it comes from elsewhere.
    if not pages and "cross-site" in sent["sec-fetch-site"]:
        pages = ["another site"]
    if any_page or all(map(_OUR_PAGE.fullmatch, pages)):
        return None
    page = " and ".join(pages)
    return f"The local AWS answers pages of this machine (http://localhost:3000, say), not {page}."
