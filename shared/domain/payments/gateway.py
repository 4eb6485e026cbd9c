"""The port to the payment gateway, which moves the money, and a simulated gateway."""

from __future__ import annotations

from typing import Protocol

from cqrs.errors import Unavailable
from cqrs.plain import Value
from domain.kernel import Amount, Currency, PaymentMethod
from domain.payments.values import GatewayCall, Reason, Reference

__all__ = ["Approved", "GatewayTimeout", "PaymentGateway", "Refusal", "SimulatedGateway"]


class GatewayTimeout(Unavailable):
    """The gateway may have done what was asked, or not: repeat the call with the same key."""

    code = "gateway_timeout"


class Approved(Value):
    reference: Reference


class Refusal(Value):
    reason: Reason


class PaymentGateway(Protocol):
    """Moves money. `key` names the payment; the same call with the same key has one effect and one
    answer.

    Only an authorisation can be declined: an authorised payment can be captured, one that is not
    captured can be voided, a captured one can be refunded. Every call may raise GatewayTimeout.
    """

    def authorise(
        self, key: str, amount: Amount, currency: Currency, method: PaymentMethod
    ) -> Approved | Refusal:
        """Sets `amount`, in minor units, aside at the customer's bank."""

    def capture(self, key: str) -> Approved:
        """Takes the money that was set aside."""

    def void(self, key: str) -> Approved:
        """Gives back money that was set aside, if any; a later authorisation is declined."""

    def refund(self, key: str) -> Approved:
        """Gives back money that was taken."""


class SimulatedGateway:
    """Declines to authorise the method `card-declined`, times out for `card-timeout`, and approves
    everything else.

    It moves no money and keeps no state, so it need not decline an authorisation after a void.
    """

    def authorise(
        self, key: str, amount: Amount, currency: Currency, method: PaymentMethod
    ) -> Approved | Refusal:
        match method:
            case "card-declined":
                return Refusal(reason="The card was declined.")
            case "card-timeout":
                raise GatewayTimeout("The payment gateway did not answer in time.")
            case _:
                return _approved(GatewayCall.AUTHORISE, key)

    def capture(self, key: str) -> Approved:
        return _approved(GatewayCall.CAPTURE, key)

    def void(self, key: str) -> Approved:
        return _approved(GatewayCall.VOID, key)

    def refund(self, key: str) -> Approved:
        return _approved(GatewayCall.REFUND, key)


def _approved(call: GatewayCall, key: str) -> Approved:
    return Approved(reference=f"simulated/{call}/{key}")
