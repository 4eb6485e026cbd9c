"""The local AWS answers programs and pages of this machine, and says why it answers nobody else."""

import pytest

from scripts.local.strangers import refusal

HERE = ("Host", "127.0.0.1:4566")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566",
        "127.0.0.1",
        "localhost:4566",
        "LOCALHOST",
        "[::1]:4566",
        "e0a10001.execute-api.localhost:4566",
        "some.bucket_1.s3.localhost",
    ],
)
def test_names_of_this_machine_are_answered(host: str) -> None:
    assert refusal([("Host", host)]) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4566",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evillocalhost",
        "localhost:4566.evil.example",
        "localhost@evil.example",
        "192.168.1.7:4566",
        "0.0.0.0:4566",
    ],
)
def test_other_names_are_not_even_if_they_point_here(host: str) -> None:
    why = refusal([("Host", host)])
    assert (
        why == f"The local AWS is called 127.0.0.1, localhost or something.localhost, not {host}."
    )


def test_a_request_says_whom_it_is_for_once_or_the_same_again() -> None:
    assert refusal([]) is not None
    assert refusal([("Host", "")]) is not None
    assert refusal([HERE, ("host", "evil.example")]) is not None
    assert refusal([HERE, HERE]) is None


@pytest.mark.parametrize("header", ["Origin", "Referer"])
@pytest.mark.parametrize(
    "page",
    ["http://localhost:3000", "http://127.0.0.1:8080", "https://app.localhost", "http://[::1]"],
)
def test_pages_of_this_machine_are_answered(header: str, page: str) -> None:
    assert refusal([HERE, (header, page), ("Sec-Fetch-Site", "cross-site")]) is None


def test_where_on_this_machine_a_page_is_does_not_matter() -> None:
    assert refusal([HERE, ("Referer", "http://localhost:3000/orders?status=placed")]) is None


@pytest.mark.parametrize("header", ["Origin", "Referer"])
@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://evil.example/http://localhost/",
        "http://localhost@evil.example/",
        "null",
        "file://",
    ],
)
def test_other_pages_are_not(header: str, page: str) -> None:
    why = refusal([HERE, (header, page)])
    assert why is not None
    assert why.endswith(f"pages of this machine (http://localhost:3000, say), not {page}.")


def test_a_page_that_is_not_told_is_known_to_be_elsewhere() -> None:
    assert refusal([HERE, ("Sec-Fetch-Site", "cross-site")]) is not None
    assert refusal([HERE, ("Sec-Fetch-Site", "none")]) is None


def test_origin_counts_where_both_are_told() -> None:
    ours, foreign = "http://localhost:3000", "https://evil.example"
    assert refusal([HERE, ("Origin", foreign), ("Referer", ours)]) is not None
    assert refusal([HERE, ("Origin", ours), ("Origin", foreign)]) is not None


def test_who_lets_any_page_ask_still_goes_by_its_own_names() -> None:
    foreign = ("Origin", "https://evil.example")
    assert refusal([HERE, foreign], any_page=True) is None
    assert refusal([("Host", "evil.example"), foreign], any_page=True) is not None
