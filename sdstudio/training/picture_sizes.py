"""Which size the pictures of a step have: small ones first, when there is most to learn."""

from __future__ import annotations

from sdstudio.errors import InvalidRequestError


def parse_sizes(text: str) -> list[tuple[int, float]]:
    """Read "128:0.65,256:0.35" as [(side in pixels, share of the steps)].

    Raises:
        InvalidRequestError: a side is no multiple of 8 or the shares do not add up to 1.
    """
    try:
        sizes = [(int(s), float(share)) for s, share in (p.split(":") for p in text.split(","))]
    except ValueError:
        sizes = []
    sound = all(side > 0 and side % 8 == 0 and share > 0 for side, share in sizes)
    if not sound or abs(sum(share for _, share in sizes) - 1) > 1e-6:
        raise InvalidRequestError(
            f'The sizes "{text}" cannot be read.', "Write them like 128:0.65,256:0.35."
        )
    return sizes


def size_at(step: int, steps: int, sizes: list[tuple[int, float]]) -> int:
    """Return the side in pixels of the pictures of step `step` (from 0) of `steps`."""
    end = 0.0
    for side, share in sizes:
        end += share
        if step < round(end * steps):
            return side
    return sizes[-1][0]
