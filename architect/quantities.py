"""Numbers with their units, found in text: times, sizes, rates, shares, money, counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Dimension(StrEnum):
    """What a number counts; the value of a quantity is in the unit named here."""

    TIME = "seconds"
    SIZE = "bytes"
    RATE = "per second"
    SHARE = "percent"
    MONEY = "currency units"
    COUNT = "pieces"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of `dimension`, where it stands in the text, and what it counts (`orders`, `USD per month`) if said."""

    value: float
    dimension: Dimension
    start: int
    end: int
    of: str = ""


_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "ninety": 90, "a hundred": 100, "a thousand": 1_000, "a million": 1_000_000, "a billion": 1e9,
    "a second": 1, "a minute": 1,
}  # fmt: skip
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "hundred": 1e2}
_SECONDS = {
    "ns": 1e-9, "nanosecond": 1e-9, "us": 1e-6, "\u03bcs": 1e-6, "microsecond": 1e-6, "ms": 1e-3, "msec": 1e-3,
    "millisecond": 1e-3, "millis": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3_600.0,
    "hr": 3_600.0, "hour": 3_600.0, "d": 86_400.0, "day": 86_400.0, "week": 604_800.0, "month": 2_592_000.0,
    "year": 31_536_000.0,
}  # fmt: skip
_BYTES = {
    "b": 1.0, "byte": 1.0, "kb": 1e3, "kilobyte": 1e3, "kib": 1024.0, "mb": 1e6, "megabyte": 1e6, "mib": 1_048_576.0,
    "gb": 1e9, "gigabyte": 1e9,
}  # fmt: skip
_SYMBOLS = {"$": "USD", "\u20ac": "EUR", "\u00a3": "GBP"}
_CURRENCIES = {
    "usd": "USD", "dollar": "USD", "eur": "EUR", "euro": "EUR", "gbp": "GBP", "pound": "GBP", "chf": "CHF",
    "jpy": "JPY",
}  # fmt: skip
_RATES = {"tps": "transactions", "rps": "requests", "qps": "queries", "eps": "events", "ops": "operations"}
_PERIOD = r"(second|sec|s|minute|min|hour|hr|h|day|d|week|month|year|annum)"
_NUMBER = (
    r"(?P<number>(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.,-])\d+(?:\.\d+)?"
    r"|\b(?:a (?:hundred|thousand|million|billion)|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|fifteen|twenty|thirty|forty|fifty|sixty|ninety)\b)"
    r"(?:\s?(?P<scale>k|M|mn|bn|thousand|million|billion|hundred)\b)?"
)
_NINES = re.compile(r"\b(two|three|four|five|six|seven)[ -]nines\b", re.IGNORECASE)

_SUB = re.compile(r"\bsub-(?=\d)", re.IGNORECASE)


@cache
def _pattern() -> re.Pattern[str]:
    times = "|".join(sorted((re.escape(unit) for unit in _SECONDS), key=len, reverse=True))
    sizes = "|".join(sorted(_BYTES, key=len, reverse=True))
    currencies = "|".join(_CURRENCIES)
    return re.compile(
        rf"(?P<symbol>[$\u20ac\u00a3])?\s?{_NUMBER}[ -]?\+?(?:"
        rf"(?P<percent>\s?%|\s?per\s?cent\b|\s?percent\b)"
        rf"|\s?(?P<rate>tps|rps|qps|eps|ops/s|ops)\b"
        rf"|\s?(?P<currency>{currencies})s?\b"
        rf"|(?P<of>(?:\s?[a-z][a-z-]*){{0,3}})\s?(?:/|\bper\b|\ba\b|\beach\b|\bevery\b)\s?(?P<period>{_PERIOD})\b"
        rf"|\s?(?P<time>{times})s?\b"
        rf"|\s?(?P<size>{sizes})s?\b"
        rf")?",
        re.IGNORECASE,
    )


LARGEST = 1e18
"""In the units of each dimension: a thousand petabytes, the age of the universe twice over."""


def quantities(text: str) -> Iterator[Quantity]:
    """Yield every number of cleaned text with its unit, from left to right; a bare number is a COUNT.

    What is more than LARGEST is no figure of anything that can be built.
    """
    text = _SUB.sub(lambda match: match.group()[:-1] + " ", text)
    read = [_quantity(match, text) for match in _pattern().finditer(text)]
    found = [quantity for quantity in read if quantity.value <= LARGEST]
    for match in _NINES.finditer(text):
        share = 100.0 - 100.0 / 10.0 ** _SMALL[match.group(1).lower()]
        found = [other for other in found if other.end <= match.start() or other.start >= match.end()]
        found.append(Quantity(round(share, 9), Dimension.SHARE, match.start(), match.end(), "nines"))
    yield from sorted(found, key=lambda quantity: quantity.start)


def _quantity(match: re.Match[str], text: str) -> Quantity:
    value = _value(match.group("number"), match.group("scale"))
    start, end = match.span()
    if match.group("symbol") or match.group("currency"):
        return _money(value, match, text)
    if match.group("rate") or match.group("period"):
        return _rate(value, match)
    if match.group("percent"):
        return Quantity(value, Dimension.SHARE, start, end)
    if time := match.group("time"):
        return Quantity(value * seconds_of(time), Dimension.TIME, start, end)
    if size := match.group("size"):
        return Quantity(value * _BYTES[size.lower()], Dimension.SIZE, start, end)
    return Quantity(value, Dimension.COUNT, start, end, _noun(text, end))


def _rate(value: float, match: re.Match[str]) -> Quantity:
    start, end = match.span()
    if rate := match.group("rate"):
        return Quantity(value, Dimension.RATE, start, end, _RATES[rate.lower().removesuffix("/s")])
    of = (match.group("of") or "").strip().lower()
    unit = of if of in _SECONDS else of.removesuffix("s")
    if unit in _SECONDS:
        # "5 seconds a day" is no rate: the time is what was meant.
        return Quantity(value * _SECONDS[unit], Dimension.TIME, start, end)
    return Quantity(value / seconds_of(match.group("period")), Dimension.RATE, start, end, of)


def seconds_of(unit: str) -> float:
    """Return the seconds of one unit of time, written in any of the known ways."""
    name = unit.lower()
    if name == "annum":
        name = "year"
    return _SECONDS[name] if name in _SECONDS else _SECONDS[name.removesuffix("s")]


def _value(number: str, scale: str | None) -> float:
    lowered = number.lower()
    value = float(_SMALL[lowered]) if lowered in _SMALL else float(number.replace(",", ""))
    return value * _SCALES[scale.lower()] if scale else value


def _money(value: float, match: re.Match[str], text: str) -> Quantity:
    symbol = match.group("symbol")
    currency = _SYMBOLS[symbol] if symbol else _CURRENCIES[match.group("currency").lower()]
    per = re.compile(r"\s*(?:/|\bper\b|\ba\b|\beach\b)\s*((?:\d[\d,]*\s+)?[a-z]+)", re.IGNORECASE).match(
        text, match.end()
    )
    if period := match.group("period"):
        return Quantity(value, Dimension.MONEY, match.start(), match.end(), f"{currency} per {period.lower()}")
    end = per.end() if per else match.end()
    return Quantity(
        value, Dimension.MONEY, match.start(), end, f"{currency} per {per.group(1).lower()}" if per else currency
    )


def _noun(text: str, end: int) -> str:
    words = re.compile(r"[\s-]*((?:[a-z][a-z-]*\s*){0,3})", re.IGNORECASE).match(text, end)
    return words.group(1).strip().lower() if words else ""
