"""Settings of other programs, from a picture or from copied text, put into the form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sdstudio.messages.generation import MAX_SEED
from sdstudio.ui.generation_form import GenerationForm

if TYPE_CHECKING:
    from sdstudio.gallery.metadata.picture_metadata import PictureMetadata

MAX_TEXT_CHARS = 100_000
_INFOTEXT = re.compile(r"(^|\n)\s*(Negative prompt:|Steps: *\d+)", re.IGNORECASE)


def looks_like_settings(text: str) -> bool:
    """Whether a text says how a picture was made, as A1111 and its kin write it."""
    return bool(_INFOTEXT.search(text[:MAX_TEXT_CHARS]))


def settings_in_text(text: str) -> PictureMetadata:
    """What a text says about the making of a picture."""
    from sdstudio.gallery.metadata.reader import metadata_of_infotext

    return metadata_of_infotext(text[:MAX_TEXT_CHARS])


def settings_in_file(path: Path) -> PictureMetadata:
    """What a picture file says about its making; works on the disk.

    Raises:
        PictureFileError: the file is not a picture that can be read.
    """
    from sdstudio.gallery.metadata.reader import read_metadata

    return read_metadata(path)[0]


def take_settings(form: GenerationForm, found: PictureMetadata) -> None:
    """Put what is known into the form; the rest of the form stays."""
    form.prompt = found.prompt
    form.negative_prompt = found.negative_prompt
    if found.steps is not None:
        form.num_inference_steps = found.steps
    if found.guidance_scale is not None:
        form.guidance_scale = found.guidance_scale
    if found.seed is not None and 0 <= found.seed <= MAX_SEED:
        form.use_seed(found.seed)
    if found.size is not None:
        form.set_size(*found.size)
