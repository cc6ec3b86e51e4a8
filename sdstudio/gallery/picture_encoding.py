"""Pictures as the bytes of a PNG, WebP or JPEG, with what made them inside.

A PNG holds texts as chunks. A WebP or JPEG holds A1111's text as EXIF UserComment, where A1111,
Forge and Civitai look for it, and the rest in its XMP packet.
"""

from __future__ import annotations

import html
import io
import json
from collections.abc import Mapping
from typing import Any, Literal

from PIL import Image, PngImagePlugin

import sdstudio
from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.infotext import write_infotext
from sdstudio.gallery.metadata.file_texts import OWN_KEY
from sdstudio.gallery.metadata.user_comment import encode_user_comment
from sdstudio.messages import wire
from sdstudio.messages.result import PictureResult

FileFormat = Literal["png", "webp", "jpeg"]
ENDINGS: dict[FileFormat, str] = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}

SOFTWARE = f"sdstudio {sdstudio.__version__}"
"""What our own JSON names as the program."""

AI_MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's digital source type of pictures that a trained model made."""

_PNG_COMPRESS_LEVEL = 4  # level 6 costs twice the time for 2 % of the size
_JPEG_QUALITY = 95
_MAX_SEGMENT_BYTES = 65_000
"""A JPEG's segment holds 64 KiB, some of it for the names of what is inside."""
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' xmlns:sdstudio="urn:sdstudio:1"{attributes}/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def encode_picture(
    result: PictureResult, *, format: FileFormat = "png", is_marked_as_ai: bool = False
) -> bytes:
    """The picture as a file with its request inside, in A1111's language and our own.

    Args:
        format: "webp" is lossless; "jpeg" is not, and shows transparent parts on white.
        is_marked_as_ai: write the IPTC digital source type into the XMP.

    Raises:
        InvalidRequestError: the prompt is too long for a JPEG.
    """
    raster = result.picture
    image = Image.frombytes(raster.mode, raster.size, raster.pixels)
    texts = {
        "parameters": _clean(write_infotext(result, version=sdstudio.__version__)),
        OWN_KEY: json.dumps(_facts(result)),
    }
    return encode_image(image, texts, format=format, is_marked_as_ai=is_marked_as_ai)


def encode_image(
    image: Image.Image,
    texts: Mapping[str, str],
    *,
    format: FileFormat,
    is_marked_as_ai: bool = False,
) -> bytes:
    """Any picture as a file with these texts inside; EXIF and colour profile stay as they are.

    Raises:
        InvalidRequestError: the texts are too long for a JPEG.
    """
    kept = {name: image.info[name] for name in ("exif", "icc_profile") if image.info.get(name)}
    buffer = io.BytesIO()
    if format == "png":
        chunks = _png_chunks(texts, is_marked_as_ai)
        image.save(buffer, "PNG", pnginfo=chunks, compress_level=_PNG_COMPRESS_LEVEL, **kept)
    elif format == "webp":
        kept |= _carried(texts, kept, is_marked_as_ai)
        _simple(image).save(buffer, "WEBP", lossless=True, quality=50, exact=True, **kept)
    else:
        kept |= _carried(texts, kept, is_marked_as_ai)
        if len(kept["xmp"]) > _MAX_SEGMENT_BYTES:
            raise InvalidRequestError(
                "The prompt is too long for a JPEG file.", "Save as PNG or WebP."
            )
        if len(kept["exif"]) > _MAX_SEGMENT_BYTES:
            del kept["exif"]  # the XMP packet has it all
        _opaque(image).save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0, **kept)
    return buffer.getvalue()


def _png_chunks(texts: Mapping[str, str], is_marked_as_ai: bool) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        chunks.add_itxt(key.encode("latin-1", "replace")[:79].decode("latin-1"), text)
    if is_marked_as_ai:
        chunks.add_itxt("XML:com.adobe.xmp", _xmp({}, is_marked_as_ai))
    return chunks


def _carried(
    texts: Mapping[str, str], kept: Mapping[str, Any], is_marked_as_ai: bool
) -> dict[str, bytes]:
    """EXIF and XMP for a WebP or JPEG."""
    if "exif" in kept:
        exif = kept["exif"]
    else:
        own = Image.Exif()
        if "parameters" in texts:
            own.get_ifd(0x8769)[0x9286] = encode_user_comment(texts["parameters"])
        exif = own.tobytes()
    return {"exif": exif, "xmp": _xmp(texts, is_marked_as_ai).encode()}


def _xmp(texts: Mapping[str, str], is_marked_as_ai: bool) -> str:
    others = {key: text for key, text in texts.items() if key not in ("parameters", OWN_KEY)}
    values = {
        "sdstudio:facts": texts.get(OWN_KEY, ""),
        "sdstudio:texts": json.dumps(others) if others else "",
        "Iptc4xmpExt:DigitalSourceType": AI_MADE if is_marked_as_ai else "",
    }
    attributes = "".join(
        f' {name}="{html.escape(value)}"' for name, value in values.items() if value
    )
    return _XMP.format(attributes=attributes)


def fresh_xmp() -> str:
    """A packet that says nothing yet."""
    return _XMP.format(attributes="")


def _simple(image: Image.Image) -> Image.Image:
    """The picture in a mode that a WebP can hold."""
    if image.mode in ("RGB", "RGBA"):
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _opaque(image: Image.Image) -> Image.Image:
    simple = image if image.mode == "L" else _simple(image)
    if simple.mode != "RGBA":
        return simple
    paper = Image.new("RGB", simple.size, "white")
    paper.paste(simple, mask=simple.getchannel("A"))
    return paper


def _facts(result: PictureResult) -> dict[str, Any]:
    return {
        "version": 1,
        "software": SOFTWARE,
        "request": wire.to_dict(result.request, rasters="digest"),
        "result": {
            "seconds": round(result.seconds, 3),
            "model_hash": result.model_hash,
            "device": result.device,
            "dtype": result.dtype,
            "versions": result.versions,
            "notes": list(result.notes),
        },
    }


def _clean(text: str) -> str:
    """Text as a PNG can hold it: no NUL, no lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
