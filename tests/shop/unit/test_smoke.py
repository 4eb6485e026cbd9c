"""The curl session that is printed is bash."""

import subprocess

from scripts.shop.smoke import session

ORDER = {"customer_id": "c-1", "lines": [{"sku": "book-1", "quantity": 2}]}
URL = "http://127.0.0.1:4566/_aws/execute-api/e0a10001/$default"


def test_the_session_is_good_bash() -> None:
    subprocess.run(["bash", "-n"], input=session(URL, ORDER), text=True, check=True)


def test_the_stage_is_not_taken_for_a_variable() -> None:
    script = session(URL, ORDER).split("# Place")[0] + 'echo "$API"'
    said = subprocess.run(["bash"], input=script, text=True, check=True, capture_output=True)
    assert said.stdout.strip() == URL


def test_every_session_has_its_own_key() -> None:
    assert session(URL, ORDER) != session(URL, ORDER)
