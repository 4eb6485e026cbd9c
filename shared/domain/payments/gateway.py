"""The port to who moves the money, and a gateway that only says it does."""

from __future__ import annotations

from typing import Protocol

from cqrs.errors import Unavailable
from cqrs.plain import Value
from domain.kernel import Amount, Currency, PaymentMethod
from domain.payments.values import GatewayCall, Reason, Reference

__all__ = ["Approved", "GatewayTimeout", "PaymentGateway", "Refusal", "SimulatedGateway"]


class GatewayTimeout(Unavailable):
    """It is not known whether the gateway did what was asked: ask again, with the same key."""

    code = "gateway_timeout"


class Approved(Value):
    reference: Reference


class Refusal(Value):
    reason: Reason


class PaymentGateway(Protocol):
    """`key` names the payment. The same call with the same key has one effect, and one answer.

    Only an authorisation can be declined: what is authorised can be captured, what is not captured
    can be voided, what is captured can be refunded. Every call may raise GatewayTimeout.
    """

    def authorise(
        self, key: str, amount: Amount, currency: Currency, method: PaymentMethod
    ) -> Approved | Refusal:
        """Sets the amount aside."""

    def capture(self, key: str) -> Approved:
        """Takes what was set aside."""

    def void(self, key: str) -> Approved:
        """Gives back what was set aside, if anything was; an authorisation that comes later is
        declined.
        """

    def refund(self, key: str) -> Approved:
        """Gives back what was taken."""


class SimulatedGateway:
    """Approves everything except two methods: `card-declined` is, and `card-timeout` times out
    whenever it is to be authorised.

    Remembers nothing and moves nothing, so there is nothing that a late call could do.
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
