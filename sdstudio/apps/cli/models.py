"""`sdstudio models`: which models there are, and whether they are whole."""

from __future__ import annotations

import argparse
from typing import Any

from sdstudio.apps.cli import outcome
from sdstudio.apps.cli.request_arguments import absolute_model_name
from sdstudio.errors import SdstudioError
from sdstudio.model_store.catalog import ModelCatalog
from sdstudio.model_store.inspection import FAMILY_WORDS
from sdstudio.model_store.records import ModelRecord
from sdstudio.model_store.verification import verify_model


def add_parser(commands: Any) -> None:
    """Add `models` and its own commands to the command line."""
    parser = commands.add_parser("models", help="list and verify models")
    actions = parser.add_subparsers(dest="action", metavar="COMMAND", required=True)
    listing = actions.add_parser("list", help="list the models on this machine")
    verifying = actions.add_parser("verify", help="check that models are whole")
    verifying.add_argument("names", metavar="NAME", nargs="*", help="all unless given")
    for each in (listing, verifying):
        outcome.add_common_options(each)


def run(args: argparse.Namespace) -> int:
    """Carry out `sdstudio models list` or `verify`."""
    return _list(args) if args.action == "list" else _verify(args)


def _list(args: argparse.Namespace) -> int:
    records, broken = ModelCatalog().records()
    if args.json:
        faults = [{"name": name, "error": str(error)} for name, error in broken]
        outcome.print_json({"models": [_facts(record) for record in records], "broken": faults})
        return outcome.DONE
    for record in records:
        size = f"{record.training_width} x {record.training_height}"
        line = f"{record.name:<24} {FAMILY_WORDS[record.family]:<36} {size:>11}  {record.path}"
        print(outcome.printable(line))
    for name, error in broken:
        outcome.tell(f"{name} cannot be used: {error}")
    if not records and not broken:
        outcome.tell("There are no models.")
    return outcome.DONE


def _verify(args: argparse.Namespace) -> int:
    """Check models; one that is not whole makes the command fail."""
    catalog = ModelCatalog()
    names = [absolute_model_name(name) for name in args.names]
    faults = {name: _faults(catalog, name) for name in names or catalog.names()}
    if args.json:
        outcome.print_json({"models": [{"name": n, "faults": f} for n, f in faults.items()]})
    else:
        for name, found in faults.items():
            print(
                outcome.printable(
                    "\n  ".join([f"{name}: {'broken' if found else 'whole'}", *found])
                )
            )
    return outcome.FAILED if any(faults.values()) else outcome.DONE


def _faults(catalog: ModelCatalog, name: str) -> list[str]:
    try:
        return verify_model(catalog.find(name))
    except SdstudioError as error:
        if outcome.exit_code_of(error) == outcome.WRONG_INPUT:
            raise
        return [str(error)]


def _facts(record: ModelRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "title": record.title,
        "family": record.family,
        "path": str(record.path),
        "width": record.training_width,
        "height": record.training_height,
        "size_multiple": record.size_multiple,
        "has_tiny_decoder": record.has_tiny_decoder,
        "has_few_step": record.few_step is not None,
    }
