"""A lending library in the image of shared/README.md: what the tests of the library's edges are of.

Books are bought and lent. They have reviews, an author and readers, whose names are in views of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, assert_never

from cqrs.errors import NotFound, Refused
from cqrs.history.events import EventTypes, Instant, Recorded
from cqrs.inputs import between, text
from cqrs.plain import Json, Value, replace
from cqrs.views.joins import Join, Lookups
from cqrs.views.rows import Document, Fold, Place, RowView, States
from cqrs.views.searches import SearchView
from cqrs.views.tallies import Cell, Counts, TallyView, daily, summed
from cqrs.write.decider import Decider

LIBRARY = EventTypes("library")

Id = Annotated[str, text(max=64, pattern="[A-Za-z0-9][A-Za-z0-9._-]*", hint="must be an id")]


@LIBRARY.event()
class BookAdded(Value):
    title: str = "On engines"
    author: str = "byron"
    copies: int = 2


@LIBRARY.event()
class CopiesBought(Value):
    copies: int


@LIBRARY.event()
class BookLent(Value):
    reader: str


@LIBRARY.event()
class BookWithdrawn(Value):
    reason: str | None = None


BookEvent = BookAdded | CopiesBought | BookLent | BookWithdrawn


@LIBRARY.event()
class Reviewed(Value):
    """Of the stream `review-<book>`."""

    stars: int


@LIBRARY.event()
class Named(Value):
    """Of the streams `author-<id>` and `reader-<id>`."""

    name: str


class AddBook(Value):
    book_id: Id
    title: Annotated[str, text(max=80)]
    author: Id
    copies: Annotated[int, between(0, 100)]


class BuyCopies(Value):
    book_id: Id
    copies: Annotated[int, between(1, 100)]


class LendBook(Value):
    book_id: Id
    reader: Id


class WithdrawBook(Value):
    book_id: Id
    reason: Annotated[str, text(max=80)] | None = None


class NoSuchBook(NotFound):
    code = "no_such_book"


class BookIsThere(Refused):
    code = "book_is_there"


class NothingToAdd(Refused):
    code = "nothing_to_add"


class NoCopyLeft(Refused):
    code = "no_copy_left"


class Status(StrEnum):
    SHELVED = "shelved"
    LENT_OUT = "lent_out"
    WITHDRAWN = "withdrawn"


class Book(Value):
    """`copies` are those that are left."""

    title: str
    author: str
    copies: int
    readers: tuple[str, ...] = ()
    withdrawn: bool = False

    @property
    def status(self) -> Status:
        if self.withdrawn:
            return Status.WITHDRAWN
        return Status.SHELVED if self.copies else Status.LENT_OUT


def evolve(book: Book | None, event: BookEvent) -> Book:
    if isinstance(event, BookAdded):
        return Book(title=event.title, author=event.author, copies=event.copies)
    if book is None:
        raise ValueError(f"{type(event).__name__} before BookAdded")
    match event:
        case CopiesBought():
            return replace(book, copies=book.copies + event.copies)
        case BookLent():
            return replace(book, copies=book.copies - 1, readers=(*book.readers, event.reader))
        case BookWithdrawn():
            return replace(book, withdrawn=True)
        case _:
            assert_never(event)


def decide(
    command: AddBook | BuyCopies | LendBook | WithdrawBook, book: Book | None
) -> Sequence[BookEvent]:
    if isinstance(command, AddBook):
        return _add(command, book)
    if book is None:
        raise NoSuchBook(f"There is no book {command.book_id}.")
    match command:
        case WithdrawBook():
            return [] if book.withdrawn else [BookWithdrawn(reason=command.reason)]
        case BuyCopies():
            return [CopiesBought(copies=command.copies)]
        case LendBook() if command.reader in book.readers:
            return []
        case LendBook() if book.copies:
            return [BookLent(reader=command.reader)]
        case LendBook():
            raise NoCopyLeft("All copies are lent.")
        case _:
            assert_never(command)


def _add(command: AddBook, book: Book | None) -> Sequence[BookEvent]:
    if book is not None:
        raise BookIsThere(f"Book {command.book_id} is there already.")
    if not command.copies:
        raise NothingToAdd("A book is added with its first copy.")
    return [BookAdded(title=command.title, author=command.author, copies=command.copies)]


BOOK: Decider[Any, Book | None, BookEvent] = Decider(
    category="book",
    events=LIBRARY,
    initial=None,
    evolve=evolve,
    decide=decide,
    state=Book,
    state_schema=1,
)


def book_facts(book_id: str, book: Book | None) -> Document | None:
    if book is None:
        return None
    return {"book_id": book_id, "status": book.status, "copies": book.copies}


class Entry(Value):
    """A book as rows remember it; `loans` are `<day>/<reader>`."""

    book: Book
    since: Instant
    loans: tuple[str, ...] = ()


def follow(entry: Entry | None, recorded: Recorded[BookEvent]) -> Entry:
    book = evolve(entry.book if entry else None, recorded.event)
    entry = entry or Entry(book=book, since=recorded.at)
    new = [f"{recorded.at[:10]}/{reader}" for reader in book.readers[len(entry.loans) :]]
    return replace(entry, book=book, loans=(*entry.loans, *new))


class Reviews(Value):
    stars: tuple[int, ...] = ()


def _fold(category: str, state: Any, initial: Any, evolve: Any) -> Fold[Any, Any]:
    return Fold(category=category, events=LIBRARY, state=state, initial=initial, evolve=evolve)


BOOK_FOLD = _fold("book", Entry, None, follow)
REVIEW_FOLD = _fold(
    "review",
    Reviews,
    Reviews(),
    lambda reviews, recorded: Reviews(stars=(*reviews.stars, recorded.event.stars)),
)


def render(states: States) -> Document | None:
    entry: Entry | None = states[BOOK_FOLD]
    if entry is None:
        return None
    return {
        "book_id": states.key,
        "version": states.version(BOOK_FOLD),
        "title": entry.book.title,
        "author": entry.book.author,
        "status": entry.book.status,
        "readers": list(entry.book.readers),
        "stars": list(states[REVIEW_FOLD].stars),
        "since": entry.since,
    }


def _place_by(name: str) -> Any:
    return lambda book: Place(book[name], f"{book['since']}/{book['book_id']}")


BOOKS = RowView(
    name="books",
    folds=[BOOK_FOLD, REVIEW_FOLD],
    render=render,
    lists={"author": _place_by("author"), "status": _place_by("status")},
    choices={"status": Status},
)
KEYWORD: Json = {"type": "keyword"}
LONG: Json = {"type": "long"}
WORDS: Json = {"type": "text", "analyzer": "words"}
BOOK_SEARCH = SearchView(
    name="book_search",
    folds=BOOKS.folds,
    render=render,
    fields={
        "book_id": KEYWORD,
        "version": LONG,
        "title": WORDS,
        "author": KEYWORD,
        "status": KEYWORD,
        "readers": KEYWORD,
        "stars": LONG,
        "since": {"type": "date"},
    },
)


def _names(category: str) -> RowView:
    fold = _fold(category, Named, None, lambda _, recorded: recorded.event)

    def shown(states: States) -> Document | None:
        named: Named | None = states[fold]
        return None if named is None else {"name": named.name}

    return RowView(name=f"{category}s", folds=[fold], render=shown)


AUTHORS, READERS = _names("author"), _names("reader")


def _readers(book: Any) -> list[str]:
    return list(book["readers"])


def _written_by(book: Any, authors: Lookups) -> Document:
    return {**book, "by": authors.get(book["author"])}


def _lent_to(book: Any, readers: Lookups) -> Document:
    return {**book, "lent_to": [readers.get(reader) for reader in book["readers"]]}


BOOK_WITH_AUTHOR = Join(view=AUTHORS, keys=lambda book: [str(book["author"])], put=_written_by)
BOOK_WITH_READERS = Join(view=READERS, keys=_readers, put=_lent_to)


def _counted(states: States) -> Counts:
    entry: Entry | None = states[BOOK_FOLD]
    loans = entry.loans if entry else ()
    return summed(*({daily(*loan.split("/")): {"books": 1}} for loan in loans))


def _shelved(states: States) -> Counts:
    """A book counts at its author, in the cell of its status."""
    entry: Entry | None = states[BOOK_FOLD]
    if entry is None:
        return {}
    return {Cell(entry.book.author, entry.book.status): {"books": 1, "copies": entry.book.copies}}


LOANS = TallyView(name="loans", folds=[BOOK_FOLD], counted=_counted)
SHELVES = TallyView(name="shelves", folds=[BOOK_FOLD], counted=_shelved)


def shown_loans(cell: Cell, numbers: Any) -> Document:
    day, reader = cell.sort.split("/")
    return {"day": day, "reader": reader, "books": numbers["books"]}


def shown_shelf(cell: Cell, numbers: Any) -> Document:
    counted = {"books": numbers["books"], "copies": numbers["copies"]}
    return {"author": cell.partition, "status": cell.sort, **counted}


def _with_name(loans: Any, readers: Lookups) -> Document:
    return {**loans, **readers.get(loans["reader"], {"name": None})}


def _with_author(shelf: Any, authors: Lookups) -> Document:
    return {**shelf, "by": authors.get(shelf["author"])}


SHELF_WITH_AUTHOR = Join(view=AUTHORS, keys=lambda shelf: [str(shelf["author"])], put=_with_author)
LOANS_WITH_NAME = Join(view=READERS, keys=lambda loans: [str(loans["reader"])], put=_with_name)
