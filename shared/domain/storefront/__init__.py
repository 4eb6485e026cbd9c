"""The storefront: views over the events of the other contexts. It has no events of its own."""

from collections.abc import Sequence

from cqrs.views.rows import View
from domain.storefront.composed import *
from domain.storefront.lookups import *
from domain.storefront.order_history import *
from domain.storefront.order_search import *
from domain.storefront.sales import *
from domain.storefront.search_questions import *
from domain.storefront.search_views import *

VIEWS: Sequence[View] = [
    CUSTOMER_LOOKUPS,
    ORDER_HISTORY,
    PRODUCT_LOOKUPS,
    SALES,
]
SEARCH_VIEWS = [CUSTOMER_SEARCH, ORDER_SEARCH, PRODUCT_SEARCH]
