"""The door to the storefront: views over what the other contexts own. It owns no facts."""

from domain.storefront.composed import composed_order, composed_orders
from domain.storefront.lookups import (
    CUSTOMER_LOOKUPS,
    ORDER_WITH_CUSTOMER,
    ORDER_WITH_TITLES,
    PRODUCT_LOOKUPS,
)
from domain.storefront.order_history import BY_CUSTOMER, BY_STATUS, ORDER_HISTORY
from domain.storefront.order_search import (
    CUSTOMER_SEARCH,
    ORDER_SEARCH,
    PRODUCT_SEARCH,
    SEARCH_VIEWS,
    SEARCHED_BY,
    search_orders,
)
from domain.storefront.sales import SALE_WITH_TITLE, SALES, shown_sale

__all__ = [
    "BY_CUSTOMER",
    "BY_STATUS",
    "CUSTOMER_LOOKUPS",
    "CUSTOMER_SEARCH",
    "ORDER_HISTORY",
    "ORDER_SEARCH",
    "ORDER_WITH_CUSTOMER",
    "ORDER_WITH_TITLES",
    "PRODUCT_LOOKUPS",
    "PRODUCT_SEARCH",
    "SALES",
    "SALE_WITH_TITLE",
    "SEARCHED_BY",
    "SEARCH_VIEWS",
    "composed_order",
    "composed_orders",
    "search_orders",
    "shown_sale",
]
