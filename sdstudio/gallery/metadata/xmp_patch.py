"""Changes single properties of an XMP packet and nothing else in it.

Properties are looked for in the two plain spellings of the XMP specification (part 1, section
7.4 and 7.9.2.2): as an attribute and as an element. No parser is let loose on a stranger's XML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from sdstudio.errors import InvalidRequestError

_NAMESPACES = {
    "sdstudio": "urn:sdstudio:1",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_END = "</rdf:RDF>"


def with_properties(packet: str, values: Mapping[str, str]) -> str:
    """The packet with these properties, an empty one removed; all else stays as it is.

    Args:
        values: by qualified name, e.g. "sdstudio:facts".

    Raises:
        InvalidRequestError: the packet has no place for a new property.
    """
    missing: dict[str, str] = {}
    for name, value in values.items():
        packet, is_there = _replaced(packet, name, value)
        if value and not is_there:
            missing[name] = value
    return _with_description(packet, missing) if missing else packet


def _replaced(packet: str, name: str, value: str) -> tuple[str, bool]:
    """The packet with the value in the property's place, and whether it had one."""
    quoted = html.escape(value)
    qualified = re.escape(name)
    attribute = re.compile(rf"""(\s{qualified}\s*=\s*)(?:"[^"]*"|'[^']*')""")
    element = re.compile(rf"<{qualified}(?:\s[^>]*)?>[^<]*</{qualified}>")
    if attribute.search(packet):
        if not value:
            return attribute.sub("", packet), True
        return attribute.sub(lambda match: f'{match[1]}"{quoted}"', packet), True
    if element.search(packet):
        new = f"<{name}>{quoted}</{name}>" if value else ""
        return element.sub(lambda _: new, packet), True
    return packet, False


def _with_description(packet: str, values: Mapping[str, str]) -> str:
    """Append a description of its own: the packet's own descriptions are left alone."""
    place = packet.rfind(_END)
    if place < 0:
        raise InvalidRequestError(
            "The file holds metadata of another program that nothing can be added to."
        )
    prefixes = dict.fromkeys(name.partition(":")[0] for name in values)
    spaces = "".join(f' xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in prefixes)
    properties = "".join(f' {name}="{html.escape(value)}"' for name, value in values.items())
    return f'{packet[:place]}<rdf:Description rdf:about=""{spaces}{properties}/>{packet[place:]}'
