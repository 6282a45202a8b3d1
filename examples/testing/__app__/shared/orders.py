"""What both order functions know."""

PRICES = {"tea": 3, "cake": 5}


def total(order: dict[str, int]) -> int:
    """The price of an order, amount by article. Raises KeyError for what is not sold."""
    return sum(PRICES[article] * amount for article, amount in order.items())
