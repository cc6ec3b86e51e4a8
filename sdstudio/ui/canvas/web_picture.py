"""A picture that is somewhere in the web: in the address itself, or behind it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from urllib.parse import unquote_to_bytes, urlsplit

from PySide6.QtCore import QMimeData

from sdstudio.errors import PictureFileError

MAX_BYTES = 64 << 20
TIMEOUT_S = 8.0
"""For the connection, and for every piece of the answer."""

_PIECE_BYTES = 1 << 16


def picture_address(mime: QMimeData) -> str:
    """The first web address in what was handed over, or ""."""
    addresses = [url.toString() for url in mime.urls()] if mime.hasUrls() else []
    if mime.hasText():
        addresses += mime.text().split(maxsplit=1)[:1]
    kinds = ("http", "https", "data")
    return next((each for each in addresses if each.split(":")[0].lower() in kinds), "")


def host_of(address: str) -> str:
    """Where an address leads, for a person to judge; "" for a picture in the address itself."""
    return urlsplit(address).hostname or ""


def read_data_address(address: str) -> bytes:
    """The bytes in a "data:" address; nothing is asked of any network.

    Raises:
        PictureFileError: they cannot be read, or are too many.
    """
    head, _, body = address.partition(",")
    if len(body) > MAX_BYTES * 4 // 3 + 4:
        raise _too_large()
    try:
        data = unquote_to_bytes(body)
        return base64.b64decode(data) if head.lower().endswith(";base64") else data
    except (binascii.Error, ValueError) as error:
        raise PictureFileError(
            "The picture in this address cannot be read.", "Save it and drop the file."
        ) from error


def download(address: str, is_given_up: Callable[[], bool] = lambda: False) -> bytes:
    """Get what lies behind an address; only after a person said so, never on the UI thread.

    Args:
        is_given_up: asked after every piece of the answer.

    Raises:
        PictureFileError: it cannot be reached, is too large, or was given up.
    """
    import http.client
    import urllib.error
    import urllib.request

    if urlsplit(address).scheme.lower() not in ("http", "https"):
        raise PictureFileError("This address is not one of the web.", "Save and drop the file.")
    request = urllib.request.Request(address, headers={"User-Agent": "SD Studio"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            data = bytearray()
            while len(data) <= MAX_BYTES and (piece := answer.read1(_PIECE_BYTES)):
                data += piece
                if is_given_up():
                    raise PictureFileError("The download was stopped.")
    except (OSError, ValueError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is the answer as well
        raise PictureFileError(
            f"{host_of(address) or 'The address'} did not hand out the picture.",
            "Save it in the browser and drop the file.",
        ) from error
    if len(data) > MAX_BYTES:
        raise _too_large()
    return bytes(data)


def _too_large() -> PictureFileError:
    return PictureFileError(
        f"What lies there is larger than {MAX_BYTES >> 20} MB.", "Save it and drop the file."
    )
