"""Shares of successes, and how far such a share can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """`hits` of `total`."""

    hits: int
    total: int

    @property
    def share(self) -> float:
        """hits / total, NaN of nothing."""
        return self.hits / self.total if self.total else math.nan

    def wilson(self, z: float = Z_95) -> tuple[float, float]:
        """Return the interval that holds the true share with 95 % (Wilson 1927).

        Unlike the normal approximation it stays within [0, 1] and is honest near both ends.
        """
        if not self.total:
            return 0.0, 1.0
        n, p = self.total, self.share
        middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def __add__(self, other: Proportion) -> Proportion:
        return Proportion(hits=self.hits + other.hits, total=self.total + other.total)
