"""Which way the arrows of tests point: the library's use small types of their own."""

from tests.imports import ROOT, wrong

MODULES = sorted((ROOT / "tests" / "library").rglob("*.py"))


def test_the_librarys_tests_know_no_shop_and_no_tools() -> None:
    outside = ("domain", "functions", "scripts", "tests.shop", "tests.terraform", "tests.tools")
    known = wrong(MODULES, *outside, types=True)
    assert known == {}, (
        f"The library outlives every shop, so its tests need none; see {sorted(known)}. "
        "Say the same rule of the small types in tests/library (books, clubs, notes, trips), "
        "or move the test to tests/shop or tests/tools."
    )
