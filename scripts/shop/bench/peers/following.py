"""pyeventsourcing's ProjectionRunner over orders in memory, for `following`.

It runs in the virtual environment build/bench. For each line that it reads it follows all events
once, and prints the CPU seconds that took.
"""

# mypy: ignore-errors
import gc
import sys
from time import process_time

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

ADDRESS = {
    "name": "Ada Lovelace",
    "street": "1 Example Street",
    "postal_code": "1010",
    "city": "Vienna",
    "country": "AT",
}
GRAZ = {**ADDRESS, "postal_code": "8010", "city": "Graz"}
LINES = [
    {"sku": "book-1", "quantity": 2, "unit_price": 1250},
    {"sku": "pen", "quantity": 1, "unit_price": 99},
]
RESERVED = [{"sku": "book-1", "quantity": 2}, {"sku": "pen", "quantity": 1}]


class Order(Aggregate):
    @event("Placed")
    def __init__(self, customer_id, currency, lines, address, payment_method):
        self.customer_id = customer_id

    @event("Moved")
    def move(self, customer_id, address):
        pass

    @event("Confirmed")
    def confirm(self, reserved, paid):
        pass

    @event("Shipped")
    def ship(self):
        pass


class Orders(Application):
    pass


class Shown(POPOTrackingRecorder):
    """What is shown of each order, and where its places in a list are."""

    def __init__(self):
        super().__init__()
        self.rows = {}

    def change(self, key, at, tracking, **changed):
        with self._database_lock:
            self._assert_tracking_uniqueness(tracking)
            self._insert_tracking(tracking)
            self.rows[key] = {**self.rows.get(key, {}), **changed, "updated_at": at}


class Following(Projection[Shown]):
    @singledispatchmethod
    def process_event(self, event, tracking):
        raise TypeError(f"{event} is not followed")

    @process_event.register
    def placed(self, event: Order.Placed, tracking):
        at = event.timestamp.isoformat()
        self.view.change(
            event.originator_id,
            at,
            tracking,
            status="placed",
            customer_id=event.customer_id,
            currency=event.currency,
            lines=event.lines,
            total=sum(line["quantity"] * line["unit_price"] for line in event.lines),
            address=event.address,
            placed_at=at,
            place=(event.customer_id, f"{at}/{event.originator_id}"),
        )

    @process_event.register
    def moved(self, event: Order.Moved, tracking):
        at = event.timestamp.isoformat()
        self.view.change(event.originator_id, at, tracking, address=event.address)

    @process_event.register
    def confirmed(self, event: Order.Confirmed, tracking):
        at = event.timestamp.isoformat()
        self.view.change(
            event.originator_id, at, tracking, status="confirmed", reserved=event.reserved
        )

    @process_event.register
    def shipped(self, event: Order.Shipped, tracking):
        at = event.timestamp.isoformat()
        self.view.change(event.originator_id, at, tracking, status="shipped")


def happened(orders, commits):
    """The life of an order over and over, so many commits each."""
    for number in range(orders):
        order = Order(f"c-{number % 10}", "EUR", LINES, ADDRESS, "card-on-file")
        for n in range(commits - 3):
            order.move(order.customer_id, GRAZ if n % 2 else ADDRESS)
        if commits > 1:
            order.confirm(RESERVED, {"amount": 2599, "currency": "EUR", "reference": "auth-1"})
        if commits > 2:
            order.ship()
        yield order


def main(orders, commits):
    # a runner makes its application itself: all share one recorder, which has the events
    recorder = Orders(env={"PERSISTENCE_MODULE": "eventsourcing.popo"}).recorder
    written = Orders(env={"PERSISTENCE_MODULE": "eventsourcing.popo"})
    written.events.recorder = written.recorder = recorder
    for order in happened(orders, commits):
        written.save(order)

    class Stored(Orders):
        name = "Orders"

        def construct_recorder(self):
            return recorder

    for _ in sys.stdin:
        gc.collect()
        began = process_time()
        with ProjectionRunner(
            application_class=Stored,
            projection_class=Following,
            view_class=Shown,
            env={"PERSISTENCE_MODULE": "eventsourcing.popo"},
        ) as runner:
            runner.wait(recorder.max_notification_id(), timeout=60)
        took = process_time() - began
        if len(runner.view.rows) != orders:
            raise RuntimeError(f"{len(runner.view.rows)} rows, not {orders}")
        print(took, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
