"""What a picture file says, as names and values in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

if TYPE_CHECKING:
    from sdstudio.gallery.metadata.file_texts import FileTexts
    from sdstudio.gallery.metadata.picture_metadata import PictureMetadata
    from sdstudio.gallery.picture_row import PictureRow
    from sdstudio.ui.gallery.facts_table import Fact

SOURCES = {
    "sdstudio": "SD Studio",
    "a1111": "AUTOMATIC1111 or Forge",
    "comfyui": "ComfyUI",
    "invokeai": "InvokeAI",
    "novelai": "NovelAI",
    "diffusionbee": "DiffusionBee",
    "fooocus": "Fooocus",
}

UNUSED = {
    "guidance_rescale": "0.0",
    "clip_skip": "0",
    "vae_tiling": "False",
    "few_step": "False",
    "schedule": "auto",
}
"""Our own settings as text where they change nothing; they would only hide the others."""

SIZE_FORMAT = QLocale.DataSizeFormat.DataSizeSIFormat


def _tr(text: str) -> str:
    return QCoreApplication.translate("PictureFacts", text)


def making_facts(metadata: PictureMetadata) -> list[Fact]:
    """How a picture was made; only what is known."""
    size = metadata.size
    guidance = metadata.guidance_scale
    facts = [
        (_tr("Prompt"), metadata.prompt),
        (_tr("Negative prompt"), metadata.negative_prompt),
        (_tr("Model"), metadata.model),
        (_tr("Seed"), "" if metadata.seed is None else str(metadata.seed)),
        (_tr("Size"), f"{size[0]} × {size[1]}" if size else ""),
        (_tr("Steps"), "" if metadata.steps is None else str(metadata.steps)),
        (_tr("Guidance"), "" if guidance is None else f"{guidance:g}"),
        (_tr("Sampler"), _tr("Automatic") if metadata.sampler == "auto" else metadata.sampler),
        (_tr("Made from"), ", ".join(metadata.parents)),
        (_tr("Made with"), SOURCES.get(metadata.source, "")),
    ]
    extra = [
        (_extra_name(name, metadata.source), _yes_no().get(text, text))
        for name, text in metadata.extra.items()
        if metadata.source != "sdstudio" or UNUSED.get(name) != text
    ]
    every = (*facts, *extra, *_nested(metadata))
    return [(name, text) for name, text in every if text]


def file_facts(row: PictureRow, found: FileTexts | None) -> list[Fact]:
    """The file itself."""
    locale = QLocale()
    made = QDateTime.fromSecsSinceEpoch(int(row.made.timestamp()))
    facts = [
        (_tr("File"), row.path.name),
        (_tr("Folder"), str(row.path.parent)),
        (_tr("Pixels"), f"{row.width} × {row.height}" if row.width else ""),
        (_tr("Kind"), row.format),
        (_tr("File size"), locale.formattedDataSize(row.num_bytes, 1, SIZE_FORMAT)),
        (_tr("Made"), locale.toString(made, QLocale.FormatType.ShortFormat)),
        (_tr("Fault"), row.fault),
        *((_tr("Remark"), note) for note in (found.notes if found else ())),
    ]
    return [(name, text) for name, text in facts if text]


def _yes_no() -> dict[str, str]:
    return {"True": _tr("yes"), "False": _tr("no")}


def _extra_name(name: str, source: str) -> str:
    """Our own fields go by their words; those of others by the name that they gave them."""
    if source != "sdstudio":
        return name
    words = {
        "guidance_rescale": _tr("Guidance rescale"),
        "clip_skip": _tr("CLIP skip"),
        "vae_tiling": _tr("Decoded in tiles"),
        "few_step": _tr("Quick sketch"),
        "schedule": _tr("Schedule"),
        "seconds": _tr("Seconds"),
        "model_hash": _tr("Model hash"),
        "device": _tr("Device"),
        "dtype": _tr("Precision"),
        "strength": _tr("Strength"),
        "fill": _tr("Fill"),
        "use_inpainting_model": _tr("Inpainting model"),
        "software": _tr("Program"),
        "notes": _tr("Remarks"),
    }
    return words.get(name, name)


def _nested(metadata: PictureMetadata) -> list[Fact]:
    """How the run started, and the libraries that decided its pixels."""
    if metadata.source != "sdstudio":
        return []
    start, versions = (metadata.fields.get(name) for name in ("start", "versions"))
    facts: list[Fact] = []
    if isinstance(start, dict):
        facts.append((_tr("Started as"), str(start.get("type", ""))))
        plain = {name: value for name, value in start.items() if not isinstance(value, dict)}
        facts += [
            (_extra_name(name, metadata.source), str(value))
            for name, value in plain.items()
            if name != "type"
        ]
    if isinstance(versions, dict):
        facts += [(str(name)[:40], str(value)) for name, value in versions.items()]
    return facts
