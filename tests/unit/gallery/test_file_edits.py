"""Edits of picture files change what they should and not one other byte."""

import contextlib
import io
import os
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from sdstudio.errors import InvalidRequestError, PictureFileError, StorageError
from sdstudio.gallery.file_edits import edit_prompt, mark_as_ai_made, put_back, strip_metadata
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.metadata import editing
from sdstudio.gallery.metadata.containers import join_parts, read_parts
from sdstudio.gallery.metadata.exif_patch import only_orientation, with_comment
from sdstudio.gallery.metadata.file_texts import read_file_texts
from sdstudio.gallery.metadata.reader import read_metadata
from sdstudio.gallery.metadata.user_comment import encode_user_comment
from sdstudio.gallery.metadata.xmp_patch import with_properties
from sdstudio.gallery.picture_encoding import AI_MADE, encode_picture
from sdstudio.gallery.picture_file import read_request
from tests.unit.gallery.picture_files import (
    a1111_comment,
    encoded,
    png_with,
    result_of,
    with_user_comment,
    write_own,
)

KINDS = ["png", "webp", "jpeg"]
ENDINGS = {"png": "png", "webp": "webp", "jpeg": "jpg"}
FOREIGN_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights>mine &amp; yours</dc:rights>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


@pytest.fixture
def gallery(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: None)
    (tmp_path / "pictures").mkdir()
    gallery = Gallery([tmp_path / "pictures"], cache_folder=tmp_path / "cache")
    yield gallery
    gallery.close()


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.tobytes()


def rich_exif(order=">") -> bytes:
    """EXIF with a camera, a maker's note, a thumbnail directory and an orientation."""
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112] = 6
    exif[0x010F] = "Camera Works"
    exif.get_ifd(0x8769)[0x927C] = b"maker\0\xff\xfe private"
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()


def picture_of(kind: str, *, exif: bytes = b"", xmp: bytes = b"", comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    image = Image.linear_gradient("L").resize((16, 8)).convert("RGB")
    more = {"comment": comment} if comment and kind == "jpeg" else {}
    if kind == "png":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_text("Author", "someone", zip=True)
        chunks.add(b"prVt", b"\0\1 unknown to all")
        if xmp:
            chunks.add_itxt("XML:com.adobe.xmp", xmp.decode())
        image.save(buffer, "PNG", pnginfo=chunks, exif=exif)
    else:
        options = {"lossless": True} if kind == "webp" else {"quality": 90}
        image.save(buffer, kind.upper(), exif=exif, xmp=xmp, **options, **more)
    return buffer.getvalue()


def others(data: bytes, *changed: str) -> list[bytes]:
    """All parts but those of these kinds."""
    return [part.raw for part in read_parts(data)[1] if part.kind not in changed]


# -- the prompt ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prompt", ["a blue boat", 'lines\n"quotes", <x> & 🏠', "", "x" * 10_000])
def test_a_prompt_is_edited_in_both_languages(gallery, kind, prompt):
    path = gallery.folders[0] / f"p.{ENDINGS[kind]}"
    path.write_bytes(encode_picture(result_of(negative_prompt="fog", seed=2**63), format=kind))
    before = path.read_bytes()
    request = read_request(path)
    assert request is not None

    edit_prompt(gallery, path, prompt=prompt, negative_prompt="rain")

    after = read_request(path)
    assert after is not None
    assert (after.prompt, after.negative_prompt) == (prompt, "rain")
    assert (after.seed, after.num_inference_steps) == (request.seed, request.num_inference_steps)
    texts = read_file_texts(path).texts
    assert texts["parameters"].startswith(f"{prompt}\nNegative prompt: rain\nSteps: 20")
    assert pixels(path.read_bytes()) == pixels(before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_of_a1111_is_edited_and_its_settings_stay(gallery, kind):
    path = gallery.folders[0] / f"p.{ENDINGS[kind]}"
    settings_line = 'Steps: 30, Sampler: Euler a, Seed: 7, Lora hashes: "a: 1, b: 2"'
    text = f"a house\nNegative prompt: fog\n{settings_line}"
    if kind == "png":
        png_with(path, {"parameters": text, "Other": "stays"})
    else:
        with_user_comment(path, a1111_comment(text))

    edit_prompt(gallery, path, prompt="two\nlines", negative_prompt="")

    metadata, found = read_metadata(path)
    assert (metadata.prompt, metadata.negative_prompt) == ("two\nlines", "")
    assert found.texts["parameters"].endswith(settings_line)
    assert kind != "png" or found.texts["Other"] == "stays"


def test_a_graph_of_another_program_is_not_edited(gallery):
    path = png_with(
        gallery.folders[0] / "p.png", {"invokeai_metadata": '{"positive_prompt": "a house"}'}
    )
    before = path.read_bytes()
    with pytest.raises(InvalidRequestError) as caught:
        edit_prompt(gallery, path, prompt="x", negative_prompt="")
    assert caught.value.hint
    assert path.read_bytes() == before


def test_a_text_that_no_jpeg_can_hold_is_one_sentence(gallery):
    path = gallery.folders[0] / "p.jpg"
    path.write_bytes(encode_picture(result_of(), format="jpeg"))
    before = path.read_bytes()
    with pytest.raises(InvalidRequestError):
        edit_prompt(gallery, path, prompt="x" * 100_000, negative_prompt="")
    assert path.read_bytes() == before


# -- byte for byte -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_parts_stay_byte_for_byte(kind):
    data = picture_of(
        kind, exif=rich_exif(), xmp=FOREIGN_XMP.encode(), comment=b"a comment of a JPEG"
    )
    new = editing.with_texts(data, {"parameters": "hello", "sdstudio": "{}"})

    changed = {"png": (), "jpeg": ("E1",), "webp": ("EXIF", "XMP ", "VP8X")}[kind]
    kept = others(data, *changed)
    assert [raw for raw in others(new, *changed) if raw in kept] == kept
    assert pixels(new) == pixels(data)
    assert b"<dc:rights>mine &amp; yours</dc:rights>" in new


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("has_comment", [True, False])
def test_a_comment_moves_no_other_byte_of_the_exif(order, has_comment):
    exif = Image.Exif()
    exif.load(rich_exif(order))
    if has_comment:
        exif.get_ifd(0x8769)[0x9286] = encode_user_comment("old words")
    old = exif.tobytes().removeprefix(b"Exif\0\0")

    new = with_comment(old, encode_user_comment("new words"))

    assert len(new) > len(old)
    differing = [at for at, byte in enumerate(old) if byte != new[at]]
    hidden = encode_user_comment("old words")
    allowed = len(hidden) + 16 if has_comment else 4
    assert len(differing) <= allowed, "offsets that lead to what is new, and what it replaces"
    again = Image.Exif()
    again.load(new)
    assert again[0x0112] == 6 and again[0x010F] == "Camera Works"
    assert again.get_ifd(0x8769)[0x927C] == b"maker\0\xff\xfe private"
    assert again.get_ifd(0x8769)[0x9286] == encode_user_comment("new words")
    assert again.get_ifd(0x8825)[1] == "N"
    assert "old words".encode("utf-16-be") not in new


@given(data=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_broken_exif_is_refused_and_never_more(data):
    for exif in (data, b"MM\0*" + data, b"II*\0" + data):
        only_orientation(exif)
        with contextlib.suppress(ValueError):
            with_comment(exif, b"ASCII\0\0\0x")


@pytest.mark.parametrize("kind", KINDS)
@given(cut=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_any_part_of_a_file_is_put_together_as_it_was(kind, cut):
    data = picture_of(kind, exif=rich_exif(), xmp=FOREIGN_XMP.encode())
    data = data[: 12 + int(cut * (len(data) - 12))]
    found, parts = read_parts(data)
    joined = join_parts(found, parts)
    assert joined[8:] == data[8:] if kind == "webp" else joined == data


# -- strip ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_stripping_leaves_what_decides_the_look(gallery, kind):
    path = gallery.folders[0] / f"p.{ENDINGS[kind]}"
    data = picture_of(
        kind, exif=rich_exif(), xmp=FOREIGN_XMP.encode(), comment=b"a comment of a JPEG"
    )
    path.write_bytes(editing.with_texts(data, {"parameters": "my words", "sdstudio": "{}"}))
    before = path.read_bytes()

    strip_metadata(gallery, path)

    after = path.read_bytes()
    metadata, found = read_metadata(path)
    assert not metadata.is_known and not found.texts
    for secret in (b"someone", b"Camera", b"maker", b"rights", b"unknown to all", b"a comment"):
        assert secret not in after
    assert "my words".encode("utf-16-be") not in after and b"my words" not in after
    assert pixels(after) == pixels(before)
    with Image.open(path) as image:
        assert image.getexif()[0x0112] == 6, "the picture is still the right way up"


def test_colour_profile_and_transparency_survive_stripping():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in KINDS:
        buffer = io.BytesIO()
        has_alpha = kind != "jpeg"
        image = Image.new(
            "RGBA" if has_alpha else "RGB", (8, 8), (0, 128, 128, 99)[: 3 + has_alpha]
        )
        options = {"lossless": True} if kind == "webp" else {}
        image.save(buffer, kind.upper(), icc_profile=profile, **options)
        with Image.open(io.BytesIO(editing.without_metadata(buffer.getvalue()))) as stripped:
            assert stripped.info["icc_profile"] == profile
            assert stripped.mode == image.mode


# -- the mark ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("xmp", [b"", FOREIGN_XMP.encode()])
def test_the_mark_comes_and_goes(kind, xmp):
    data = picture_of(kind, xmp=xmp)
    marked = editing.with_ai_mark(data, is_marked=True)
    again = editing.with_ai_mark(marked, is_marked=True)
    plain = editing.with_ai_mark(marked, is_marked=False)

    assert editing.is_ai_marked(marked) and again == marked
    assert not editing.is_ai_marked(plain) and not editing.is_ai_marked(data)
    assert editing.with_ai_mark(data, is_marked=False) == data
    assert pixels(marked) == pixels(data) == pixels(plain)
    assert not xmp or b"mine &amp; yours" in plain


@pytest.mark.parametrize("kind", KINDS)
def test_the_mark_leaves_the_request_alone(gallery, kind):
    path = gallery.folders[0] / f"p.{ENDINGS[kind]}"
    path.write_bytes(encode_picture(result_of(), format=kind, is_marked_as_ai=True))
    before = read_request(path)
    mark_as_ai_made(gallery, path, is_marked=False)

    assert AI_MADE.encode() not in path.read_bytes()
    assert read_request(path) == before


def test_an_element_of_a_foreign_packet_is_replaced_in_place():
    name = "Iptc4xmpExt:DigitalSourceType"
    packet = FOREIGN_XMP.replace("<dc:rights>", f"<{name}>human</{name}><dc:rights>")
    changed = with_properties(packet, {name: AI_MADE})

    assert changed == packet.replace(">human<", f">{AI_MADE}<")
    with pytest.raises(InvalidRequestError):
        with_properties("<none/>", {name: AI_MADE})


# -- in the gallery ------------------------------------------------------------------------------


def test_row_marks_and_order_follow_an_edit(gallery):
    folder = gallery.folders[0]
    paths = [write_own(folder / f"{n}.png", f"house {n}", second=n) for n in range(3)]
    gallery.scan()
    gallery.marks.rate([paths[1]], 4)
    gallery.marks.put_on_board([paths[1]], "best")
    order = list(gallery.ids())
    os.chmod(paths[1], 0o640)

    old = edit_prompt(gallery, paths[1], prompt="a castle", negative_prompt="")

    row = gallery.index.row_of(paths[1])
    assert row is not None and (row.prompt, row.rating, row.boards) == ("a castle", 4, ("best",))
    assert list(gallery.ids()) == order and [r.id for r in gallery.search("castle")] == [row.id]
    assert paths[1].stat().st_mode & 0o777 == 0o640
    outcome = gallery.scan()
    assert not outcome.changed, "the index knows of the edit already"
    gallery.index.file.begin_anew()
    gallery.scan()
    assert [r.path for r in gallery.rows(gallery.ids())] == paths[::-1]
    assert [r.rating for r in gallery.rows(gallery.ids())] == [0, 4, 0]

    paths[1].rename(folder / "renamed.png")
    gallery.scan()
    renamed = gallery.index.row_of(folder / "renamed.png")
    assert renamed is not None and renamed.rating == 4, "marks know the edited file"

    put_back(gallery, folder / "renamed.png", old)
    assert gallery.search("castle") == []


def test_a_disk_that_is_full_leaves_the_file_as_it_was(gallery, monkeypatch):
    path = write_own(gallery.folders[0] / "p.png")
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError):
        strip_metadata(gallery, path)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["p.png"]


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"text", b"\xff\xd8", encoded("PNG")[:20]])
def test_what_is_no_picture_is_one_sentence_or_untouched(gallery, data):
    path = gallery.folders[0] / "p.png"
    path.write_bytes(data)
    for edit in (strip_metadata, lambda g, p: mark_as_ai_made(g, p, is_marked=False)):
        with contextlib.suppress(PictureFileError):
            edit(gallery, path)
        assert path.read_bytes() == data
    with pytest.raises(PictureFileError):
        strip_metadata(gallery, gallery.folders[0] / "gone.png")


def test_a_link_stays_a_link(gallery, tmp_path):
    real = write_own(tmp_path / "real.png")
    link = gallery.folders[0] / "link.png"
    link.symlink_to(real)
    strip_metadata(gallery, link)

    assert link.is_symlink() and read_request(real) is None


def test_checksums_of_new_chunks_are_right():
    new = editing.with_texts(encoded("PNG"), {"parameters": "hello"})
    _, parts = read_parts(new)
    for part in parts:
        (crc,) = struct.unpack(">I", part.raw[-4:])
        assert crc == zlib.crc32(part.kind.encode() + part.body)
