"""The door to the storefront: views over what the other contexts own. It owns no facts."""

from domain.storefront.order_history import BY_CUSTOMER, ORDER_HISTORY

__all__ = ["BY_CUSTOMER", "ORDER_HISTORY"]
