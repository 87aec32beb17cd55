"""Money is an integer count of a currency's minor unit, beside its ISO 4217 code."""

from dataclasses import dataclass

# ISO 4217 exponents of the currencies that may be sold in.
MINOR_DIGITS = {"KRW": 0, "JPY": 0, "USD": 2, "EUR": 2, "GBP": 2, "CNY": 2, "SGD": 2, "AUD": 2}
AMOUNT_MINOR_MAX = 10**12


@dataclass(frozen=True, slots=True)
class Money:
    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in MINOR_DIGITS:
            raise ValueError(f"unknown currency {self.currency!r}")

    def __str__(self) -> str:
        digits = MINOR_DIGITS[self.currency]
        if digits == 0:
            return f"{self.amount_minor:,} {self.currency}"
        whole, part = divmod(self.amount_minor, 10**digits)
        return f"{whole:,}.{part:0{digits}d} {self.currency}"


def percent_of(amount_minor: int, percent: int) -> int:
    """The whole percentage of an amount, rounded down to the minor unit."""
    return amount_minor * percent // 100
