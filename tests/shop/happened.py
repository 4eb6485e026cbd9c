"""What happens in the examples: an order and its payment, event by event."""

from cqrs.plain import replace
from domain.kernel import Currency, OrderId
from domain.orders import (
    Address,
    Line,
    OrderAddressChanged,
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OrderRejected,
    OrderShipped,
    Paid,
    RejectReason,
    Reserved,
)
from domain.payments import (
    AuthorisationRequested,
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)

SEVEN = OrderId("7")
VIENNA = Address(name="Ada", street="1 Street", postal_code="1010", city="Vienna", country="AT")
GRAZ = replace(VIENNA, postal_code="8010", city="Graz")
BOOKS = Line(sku="book-1", quantity=2, unit_price=1250)
PEN = Line(sku="pen", quantity=1, unit_price=99)

placed = OrderPlaced(
    order_id=SEVEN,
    customer_id="c-1",
    currency=Currency.EUR,
    lines=(BOOKS, PEN),
    address=VIENNA,
    payment_method="card-on-file",
)
moved = OrderAddressChanged(order_id=SEVEN, customer_id="c-1", address=GRAZ)
confirmed = OrderConfirmed(
    order_id=SEVEN,
    reserved=(Reserved(sku="book-1", quantity=2), Reserved(sku="pen", quantity=1)),
    paid=Paid(amount=2599, currency=Currency.EUR, reference="auth-1"),
)
rejected = OrderRejected(
    order_id=SEVEN, reason=RejectReason.PAYMENT_DECLINED, detail="No money left."
)
cancelled = OrderCancelled(order_id=SEVEN, reason="too late")
shipped = OrderShipped(order_id=SEVEN)
delivered = OrderDelivered(order_id=SEVEN)

asked = AuthorisationRequested(
    order_id=SEVEN,
    amount=2599,
    currency=Currency.EUR,
    method="card-on-file",
    customer_id="c-1",
)
authorised = PaymentAuthorised(order_id=SEVEN, reference="auth-1")
declined = PaymentDeclined(order_id=SEVEN, reason="No money left.")
capture_asked = CaptureRequested(order_id=SEVEN)
captured = PaymentCaptured(order_id=SEVEN, reference="capture-1")
void_asked = VoidRequested(order_id=SEVEN)
voided = PaymentVoided(order_id=SEVEN)
refund_asked = RefundRequested(order_id=SEVEN)
refunded = PaymentRefunded(order_id=SEVEN, reference="refund-1")
