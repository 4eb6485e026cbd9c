"""Who says half of what a view or a service is, is told the other half: a word is taken away, in a
copy, and the inner loop says what to do. (What is left out whole: test_recipes.)
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.clones import Clone

TESTS = "tests/terraform/unit tests/shop/unit/domain/test_golden.py"
INNER_LOOP = (
    f"pytest -p no:cacheprovider --hypothesis-profile=quick {TESTS}",
    "scripts.release check",
)


class Word(NamedTuple):
    """Something that is said of a view or a service; `told` is what is said without it."""

    file: str
    take: Callable[[str], str]
    told: str


def lines(pattern: str) -> Callable[[str], str]:
    """Takes away the lines in which `pattern` is found."""
    return lambda text: re.sub(rf"(?m)^.*{pattern}.*\n", "", text)


def words(pattern: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, "", text)


def everything(text: str) -> str:
    return ""


FUNCTIONS = "terraform/shop_functions.tf"
WORDS = {
    "a context's views in what is followed": Word(
        "shared/domain/followed.py",
        words(r"\*storefront\.VIEWS, "),
        r"shared/domain/followed.py leaves out \[.*'sales'.*\]: add VIEWS",
    ),
    "what a view follows": Word(
        "terraform/shop_views.tf",
        words(r'(?<=sales            = \{ )follows = \["orders"\], '),
        "make the entry of sales in terraform/shop_views.tf what its module says",
    ),
    "that a service has guards": Word(
        "terraform/shop_services.tf",
        words(r"(?<=customers = \{) guards = true "),
        "say `guards = true` of customers in terraform/shop_services.tf",
    ),
    "what a function appends": Word(
        FUNCTIONS,
        lines(r'appends .*"customers"'),
        r"customers_commands/handler.py appends \['customers'\], but its entry in "
        r"terraform/shop_functions.tf says appends = \[\]: make them the same",
    ),
    "what a function claims": Word(
        FUNCTIONS,
        lines(r'claims .*"customers"'),
        r"customers_commands/handler.py claims \['customers'\], but its entry in",
    ),
    "a command's route": Word(
        "functions/customers_commands/handler.py",
        lines("ChangeEmail"),
        r"\['ChangeEmail'\]: add a route \(or a message\) in functions/\*_commands",
    ),
    "a golden file": Word(
        "tests/shop/fixtures/history/customers.CustomerRenamed.1.json",
        everything,
        "customers.CustomerRenamed.1",
    ),
    "a command in the union": Word(
        "shared/domain/customers/commands.py",
        words(r" \| ChangeEmail"),
        r"add \['ChangeEmail'\] to the union at the end of shared/domain/customers/commands.py",
    ),
    "what an event makes of a state": Word(
        "shared/domain/customers/customer.py",
        words(r", name=event\.name(?=\)\n        case)"),
        "he states of customers, or its `evolve`, changed: write state_schema=2",
    ),
    "a field of a search": Word(
        "shared/domain/storefront/search_views.py",
        lines(r'^        "sku": KEYWORD,'),
        "'sku' is shown, and no field: name it in `fields`",
    ),
    "what is in a field of a search": Word(
        "shared/domain/storefront/search_views.py",
        words(r', "email": WORDS'),
        "he fields of customer_search changed: write generation=2",
    ),
    "out of which set a list is picked": Word(
        "shared/domain/storefront/order_history.py",
        lines(r"^    choices="),
        "the list 'status' of order_history is picked out of OrderStatus here, and out of None",
    ),
    "who answers what a service tells": Word(
        "functions/customers_queries/handler.py",
        everything,
        "nobody answers shared/domain/customers/facts.py: add customers_queries, or take the facts",
    ),
}


def test_with_every_word_there_is_nothing_to_say(clone: Clone) -> None:
    assert clone.told(*INNER_LOOP) == ""


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS.keys())
def test_a_word_that_is_forgotten_is_asked_for(clone: Clone, word: Word) -> None:
    file = clone.folder / word.file
    before = file.read_text()
    after = word.take(before)
    assert after != before, f"{word.file} has no such word any more: correct this test"
    if after:
        file.write_text(after)
    else:
        file.unlink()

    assert re.search(word.told, "".join(map(clone.told, INNER_LOOP)))
