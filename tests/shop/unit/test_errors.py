"""The shop's errors: a code for each, that none of the library has, and a status of its kind."""

import re

import cqrs
import domain
from tests.library.errors import errors_of, shared_codes, status_of


def test_no_two_errors_have_the_same_code() -> None:
    assert shared_codes(errors_of(cqrs, domain)) == []


def test_codes_are_words_for_programs() -> None:
    odd = [e.code for e in errors_of(domain) if not re.fullmatch("[a-z]+(_[a-z]+)*", e.code)]
    assert odd == []


def test_every_error_has_a_status_of_its_own_kind() -> None:
    assert errors_of(domain)
    assert {kind.__name__ for kind in errors_of(domain) if status_of(kind) == 500} == set()


def test_what_may_succeed_later_is_never_the_clients_fault() -> None:
    for kind in errors_of(domain):
        assert not kind.retryable or status_of(kind) in (409, 429, 503), kind
