"""Numbers as .NET writes them."""

from __future__ import annotations


def format_double(value: float) -> str:
    """A double as .NET writes it in invariant culture: `1`, `0.1`, `1E+16`, `1E-05`, `NaN`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    sign = "-" if str(value).startswith("-") else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if not digits:
        return sign + "0"
    if point > 15 or point <= -4:
        power = point - 1
        scientific = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{scientific}E{'-' if power < 0 else '+'}{abs(power):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"
