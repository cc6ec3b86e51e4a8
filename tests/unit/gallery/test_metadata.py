"""What other programs wrote is read, nothing is invented, and nothing hostile wins."""

from __future__ import annotations

import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sdstudio.errors import PictureFileError
from sdstudio.gallery.export import export_pictures
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.metadata.file_texts import read_file_texts
from sdstudio.gallery.metadata.reader import metadata_of_texts, read_metadata
from sdstudio.gallery.picture_encoding import AI_MADE, encode_picture
from sdstudio.gallery.picture_file import read_request
from sdstudio.gallery.picture_import import import_picture
from sdstudio.gallery.store import GalleryStore
from tests.unit.gallery.metadata_samples import SAMPLES
from tests.unit.gallery.picture_files import encoded, png_with, result_of, with_user_comment

HOSTILE = {
    "deep": "[" * 100_000,
    "deep-object": '{"a":' * 100_000,
    "prompt-of-lists": '{"1": {"class_type": "KSampler", "inputs": {"seed": [[]], "positive": 3}}}',
    "big-number": '{"positive_prompt": 1, "seed": ' + "9" * 100_000 + "}",
    "wrong-types": '{"positive_prompt": {"x": 1}, "width": [], "seed": true, "model": 3}',
    "long-line": "x\nSteps: 1, " + "ab" * 2_500_000,
    "spaces": "x\n" + "a " * 1_000_000 + ":",
    "quotes": "x\n" + 'Seed: "' * 20_000,
    "script": "<script>alert(1)</script>\nSteps: <b>, Sampler: <i>, Seed: <u>, Size: axb",
    "controls": "\x1b[31mred\u202e\x00\ud800",
}


@pytest.mark.parametrize("name, write, expected", SAMPLES, ids=[each[0] for each in SAMPLES])
def test_samples_of_other_programs(tmp_path, name, write, expected):
    metadata, found = read_metadata(write(tmp_path / name))

    assert {key: getattr(metadata, key) for key in expected} == expected
    assert found.is_whole and (found.width, found.height) == (16, 8) and not found.notes


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "key",
    ["parameters", "prompt", "workflow", "invokeai_metadata", "sd-metadata", "Comment", "sdstudio"],
)
def test_hostile_texts_become_plain_values(key, text):
    """Row 48: depth, length, numbers and markup; the answer is plain text and clamped numbers."""
    metadata = metadata_of_texts({key: text})

    assert metadata.steps is None or 1 <= metadata.steps <= 1000
    assert metadata.seed is None or 0 <= metadata.seed < 2**64
    for value in (metadata.prompt, metadata.negative_prompt, metadata.model, *metadata.extra):
        value.encode("utf-8")
        assert "\0" not in value


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(
    st.sampled_from(["parameters", "prompt", "workflow", "Comment", "sd-metadata", "sdstudio"]),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["prompt", "inputs", "image", "nodes", "links", "request", "seed",
                             "class_type", "positive", "uc", "base_model", "1", "model"]),
            inner, max_size=4),
        max_leaves=12,
    ).map(json.dumps),
    max_size=3,
))  # fmt: skip
def test_no_json_makes_a_reader_raise(texts):
    metadata_of_texts(texts)


def test_a_text_of_five_megabytes_is_read(tmp_path):
    """Row 48."""
    path = png_with(tmp_path / "p.png", {"parameters": "x" * 5_000_000})
    metadata, found = read_metadata(path)
    assert len(metadata.prompt) == 1_000_000 and not found.notes
    too_long = png_with(tmp_path / "q.png", {"parameters": "x" * 9_000_000})
    assert read_metadata(too_long)[1].notes and import_picture(too_long).width == 16


def test_texts_after_the_pixels_are_found(tmp_path):
    data = encoded("PNG")
    body = b"tEXtparameters\0a house"
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path = tmp_path / "p.png"
    path.write_bytes(data[:-12] + chunk + data[-12:])
    assert read_metadata(path)[0].prompt == "a house"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_cut_and_broken_heads_are_one_sentence(tmp_path, kind):
    data = encoded(kind)
    path = tmp_path / "p"
    for length in (0, 1, 8, 20, 33, len(data) // 2):
        path.write_bytes(data[:length])
        try:
            assert not read_file_texts(path).is_whole or kind != "PNG"
        except PictureFileError:
            continue


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_exif_is_a_note_or_nothing(tmp_path):
    path = with_user_comment(tmp_path / "p.jpg", b"UNICODE\0\xd8\x00\xd8")
    data = bytearray(path.read_bytes())
    for position in range(20, 120, 3):
        broken = data.copy()
        broken[position] ^= 0xFF
        path.write_bytes(broken)
        try:
            read_metadata(path)
        except PictureFileError:
            continue


@pytest.mark.parametrize("file_format", ["png", "webp", "jpeg"])
@pytest.mark.parametrize(
    "prompt", ["a house", "x \"y\" <b>&amp;\n'z'\u202e 🏠 \ud800", "w, " * 5000]
)
def test_every_format_keeps_the_request(tmp_path, file_format, prompt):
    """Issue 4, point 4: generate, save, read gives the same request."""
    result = result_of(prompt, seed=2**64 - 1, negative_prompt="fog", shade=90)
    path = tmp_path / f"p.{file_format}"
    path.write_bytes(encode_picture(result, format=file_format, is_marked_as_ai=True))

    assert read_request(path) == result.request
    metadata, found = read_metadata(path)
    assert metadata.seed == 2**64 - 1 and "Steps: 20" in found.texts["parameters"]
    assert AI_MADE.encode() in path.read_bytes()
    pixels = import_picture(path).pixels
    assert pixels == result.picture.pixels or file_format == "jpeg"


def test_a_prompt_too_long_for_a_jpeg_is_saved_as_png(tmp_path):
    path = GalleryStore(tmp_path, file_format="jpeg").add(result_of("🏠 " * 30_000))
    assert path.suffix == ".png" and read_request(path) is not None
    assert GalleryStore(tmp_path, file_format="webp").add(result_of()).suffix == ".webp"


def test_transparent_pictures_keep_every_byte_in_webp(tmp_path):
    image = Image.frombytes("RGBA", (2, 1), bytes([1, 2, 3, 0, 4, 5, 6, 128]))
    png = tmp_path / "p.png"
    image.save(png)
    gallery = Gallery([tmp_path], cache_folder=tmp_path / ".cache")
    gallery.scan()
    done = export_pictures(gallery.search(), tmp_path / "out", file_format="webp")
    assert import_picture(done.written[0]).pixels == image.tobytes()
    gallery.close()


def test_export_keeps_what_strangers_wrote(tmp_path):
    """Unknown texts go along byte for byte in a copy, and as they are into another format."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    texts = {"prompt": '{"1": {}}', "workflow": '{"nodes": []}', "odd": 'a "b" <c>\n& é'}
    source = png_with(folder / "p.png", texts)
    gallery = Gallery([folder], cache_folder=tmp_path / "cache")
    gallery.scan()
    rows = gallery.search()
    copied = export_pictures(rows, tmp_path / "out").written[0]
    turned = export_pictures(rows, tmp_path / "out", file_format="jpeg").written[0]
    back = Gallery([tmp_path / "out"], cache_folder=tmp_path / "cache2")
    back.scan()
    again = export_pictures(
        [row for row in back.search() if row.format == "JPEG"],
        tmp_path / "again",
        file_format="png",
        name_pattern="{number}-{name}",
    ).written[0]

    assert copied.read_bytes() == source.read_bytes()
    assert read_file_texts(turned).texts == texts == read_file_texts(again).texts
    assert again.name == "0001-p.png"
    assert export_pictures(rows, tmp_path / "out").written[0].name == "p-2.png"
    gallery.close()
    back.close()
