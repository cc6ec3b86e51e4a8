"""`sdstudio gallery`: list, search, rebuild and export the saved pictures."""

from __future__ import annotations

import argparse
import re
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from sdstudio import paths
from sdstudio.apps.cli import outcome
from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.export import KEEP_NAME, export_pictures
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.picture_row import PictureRow
from sdstudio.gallery.scan import ScanOutcome, ScanProgress
from sdstudio.settings.store import FILE_NAME, SettingsStore

_SEARCH_HELP = (
    "words, and model: sampler: size:512x512 seed: date:2026-01 rating:>=4 board: label: source:"
)


def add_parser(commands: Any) -> None:
    """Add `gallery` and its own commands to the command line."""
    parser = commands.add_parser("gallery", help="list, search, rebuild or export saved pictures")
    actions = parser.add_subparsers(dest="action", metavar="COMMAND", required=True)
    listing = actions.add_parser("list", help="list pictures, the newest first")
    searching = actions.add_parser("search", help="find pictures")
    searching.add_argument("words", metavar="WORDS", nargs="+", help=_SEARCH_HELP)
    rebuilding = actions.add_parser("rebuild", help="read every file again")
    exporting = actions.add_parser("export", help="write copies of pictures")
    exporting.add_argument("destination", metavar="DIR", type=Path)
    exporting.add_argument("--search", metavar="WORDS", default="", help=_SEARCH_HELP)
    exporting.add_argument(
        "--format", choices=("png", "webp", "jpeg"), help="as they are if left out"
    )
    exporting.add_argument(
        "--name", metavar="PATTERN", default=KEEP_NAME, help="of {name} {number} {date} {seed} ..."
    )
    for each in (listing, searching):
        each.add_argument("--limit", type=_positive, default=100, metavar="N")
    for each in (listing, searching, rebuilding, exporting):
        each.add_argument(
            "--folder", action="append", type=Path, metavar="DIR", help="another picture folder"
        )
        outcome.add_common_options(each)


def run(args: argparse.Namespace) -> int:
    """Carry out one of the gallery's commands."""
    action = {"list": _find, "search": _find, "rebuild": _rebuild, "export": _export}[args.action]
    folders = [_gallery_folder(), *(folder.expanduser() for folder in args.folder or ())]
    for folder in folders[1:]:
        if not folder.is_dir():
            raise InvalidRequestError(f"{folder} is not a folder.")
    folders[0].mkdir(parents=True, exist_ok=True)
    with closing(Gallery(folders, cache_folder=paths.cache_folder())) as gallery:
        if gallery.index.file.read_only_reason:
            outcome.tell(gallery.index.file.read_only_reason)
        return action(gallery, args)


def _find(gallery: Gallery, args: argparse.Namespace) -> int:
    text = _quoted(args.words) if args.action == "search" else ""
    _check(gallery, text)
    _follow_disk(gallery)
    rows, total = gallery.search(text, limit=args.limit), gallery.count(text)
    if args.json:
        outcome.print_json({"total": total, "pictures": [_facts(row) for row in rows]})
        return outcome.DONE
    for row in rows:
        print(outcome.printable(_line(row)))
    if total > len(rows):
        outcome.tell(f"{total - len(rows)} more; see them with --limit {total}.")
    elif not total:
        outcome.tell("There are no such pictures." if text else "The gallery is empty.")
    return outcome.DONE


def _rebuild(gallery: Gallery, args: argparse.Namespace) -> int:
    began = time.monotonic()
    found = gallery.scan(read_all=True, report=_show_progress)
    seconds = time.monotonic() - began
    _tell_problems(found)
    facts = {
        "pictures": found.seen,
        "added": found.added,
        "removed": found.removed,
        "renamed": len(found.renamed),
        "broken": found.broken,
        "problems": found.problems,
        "seconds": round(seconds, 3),
        "files_per_second": round(found.seen / max(seconds, 1e-3), 1),
    }
    if args.json:
        outcome.print_json(facts)
    else:
        print(
            f"{found.seen:,} pictures, {found.broken} of them broken;"
            f" {facts['files_per_second']:,} files per second."
        )
    return outcome.FAILED if found.problems else outcome.DONE


def _export(gallery: Gallery, args: argparse.Namespace) -> int:
    _check(gallery, args.search)
    _follow_disk(gallery)
    rows = gallery.rows(gallery.ids(args.search))
    done = export_pictures(
        rows, args.destination.expanduser(), file_format=args.format, name_pattern=args.name
    )
    if args.json:
        outcome.print_json({"written": list(map(str, done.written)), "problems": done.problems})
    else:
        for path in done.written:
            print(outcome.printable(str(path)))
    for problem in done.problems:
        outcome.tell(problem)
    return outcome.FAILED if done.problems else outcome.DONE


def _follow_disk(gallery: Gallery) -> None:
    if not gallery.index.file.read_only_reason:
        _tell_problems(gallery.scan(report=_show_progress))


def _check(gallery: Gallery, text: str) -> None:
    if problems := gallery.query(text).problems:
        raise InvalidRequestError(" ".join(problems), "See sdstudio gallery search --help.")


def _quoted(words: list[str]) -> str:
    """Give back the quotes that the shell took from `board:"my best"`."""
    return " ".join(re.sub(r"^(-?\w+:)([^\"]*\s.*)$", r'\1"\2"', word) for word in words)


def _tell_problems(found: ScanOutcome) -> None:
    for problem in found.problems:
        outcome.tell(problem)


def _show_progress(progress: ScanProgress) -> None:
    if sys.stderr.isatty():
        end = "\n" if progress.done == progress.total else "\r"
        print(f"{progress.done:,} of {progress.total:,} files", end=end, file=sys.stderr)


def _line(row: PictureRow) -> str:
    stars = "*" * row.rating
    prompt = " ".join(row.prompt.split())[:60] or row.fault
    size = f"{row.width:>5} x {row.height:<5}"
    return f"{row.made:%Y-%m-%d %H:%M}  {size} {stars:<5} {prompt:<60}  {row.path}"


def _facts(row: PictureRow) -> dict[str, Any]:
    return {
        "path": str(row.path),
        "made": row.made.isoformat(timespec="seconds"),
        "format": row.format,
        "width": row.width,
        "height": row.height,
        "source": row.source,
        "prompt": row.prompt,
        "negative_prompt": row.negative_prompt,
        "model": row.model,
        "sampler": row.sampler,
        "num_inference_steps": row.steps,
        "guidance_scale": row.guidance_scale,
        "seed": row.seed,
        "parents": list(row.parents),
        "rating": row.rating,
        "label": row.label,
        "note": row.note,
        "boards": list(row.boards),
        "fault": row.fault,
    }


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


def _gallery_folder() -> Path:
    chosen = SettingsStore(paths.config_folder() / FILE_NAME).settings.gallery_folder
    return Path(chosen).expanduser() if chosen else paths.default_gallery_folder()
