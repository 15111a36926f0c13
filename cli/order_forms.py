"""Makes order forms of what the command line says: options, or a file with one order, an array, or one a line."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from cli.failure import ExitCode, Failure

LARGEST_FILE_BYTES = 64 * 1024 * 1024
_LINE_FORM = "Write --line SKU:QUANTITY:UNIT_PRICE, such as --line 85123A:6:2.55."


@dataclass(frozen=True, slots=True)
class Written:
    """An order as options say it; what is None was not given."""

    customer: str | None
    lines: list[str]
    country: str
    address: str | None
    payment_method: str
    shipping: str
    currency: str
    reference: str | None
    process: str | None

    @property
    def says_something(self) -> bool:
        """Tell whether an option was given that a file would contradict; those with defaults say nothing."""
        return bool(self.lines) or any((self.customer, self.address, self.reference, self.process))


def forms(file: Path | None, written: Written) -> list[dict[str, Any]]:
    """Return the orders that are asked for. Raises Failure."""
    if file is not None and written.says_something:
        raise Failure(f"{file} and options both say what to order.", "Give one of them.", ExitCode.USAGE)
    return [_of_options(written)] if file is None else _of_file(file)


def _of_options(written: Written) -> dict[str, Any]:
    needed = {"--customer": written.customer, "--line": written.lines, "--address": written.address}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise Failure(
            f"{', '.join(missing)} is missing.",
            "Name a FILE with the order (- reads standard input), or give these options: `saga order start --help`.",
            ExitCode.USAGE,
        )
    lines = [_line(text) for text in written.lines]
    total = sum((Decimal(line["unit_price"]) * line["quantity"] for line in lines), Decimal())
    form: dict[str, Any] = {
        "customer_id": written.customer,
        "currency": written.currency,
        "total": f"{total:.2f}" if total == round(total, 2) else str(total),
        "payment_method": written.payment_method,
        "lines": lines,
        "shipping": {"method": written.shipping, "country": written.country, "address": written.address},
    }
    more = {"reference": written.reference, "process": written.process}
    return form | {name: value for name, value in more.items() if value is not None}


def _line(text: str) -> dict[str, Any]:
    sku, _, rest = text.partition(":")
    quantity, _, price = rest.partition(":")
    try:
        amount = Decimal(price)
        number = int(quantity)
    except (InvalidOperation, ValueError) as error:
        raise Failure(f"{text} is no line of an order.", _LINE_FORM, ExitCode.USAGE) from error
    if not sku or not amount.is_finite():
        raise Failure(f"{text} is no line of an order.", _LINE_FORM, ExitCode.USAGE)
    return {"sku": sku, "quantity": number, "unit_price": f"{amount:.2f}" if amount == round(amount, 2) else price}


def _of_file(file: Path) -> list[dict[str, Any]]:
    text = _text(file)
    try:
        document = json.loads(text)
    except ValueError:
        document = [_parsed(file, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    found = document if isinstance(document, list) else [document]
    if not found or not all(isinstance(one, dict) for one in found):
        raise Failure(
            f"{file} holds no order.", "Write a JSON object, an array of them, or one a line.", ExitCode.USAGE
        )
    return found


def _parsed(file: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise Failure(
            f"{file}:{number} is not JSON: {error}.", "Write one order, an array, or one order a line.", ExitCode.USAGE
        ) from error


def _text(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read(LARGEST_FILE_BYTES + 1) if str(file) == "-" else file.read_bytes()
        if len(raw) > LARGEST_FILE_BYTES:
            raise Failure(f"{file} is too large.", "Send it in parts of at most 64 MB.", ExitCode.USAGE)
        return raw.decode("utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", "Name another file.", ExitCode.USAGE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{file} is not UTF-8.", "Save it as UTF-8.", ExitCode.USAGE) from error
