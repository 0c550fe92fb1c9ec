"""Labels as picks in SeisComP's XML."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from workbench.exporters.base import Batch, FolderExporter
from workbench.exporters.obspy_catalog import PLACEHOLDER, label_catalog

__all__ = ["Sc3mlExporter"]

_XSL = "http://www.w3.org/1999/XSL/Transform"
_SEARCH = "$schema//xs:complexType[@name=$name]"

SchemaVersion = Literal["0.11", "0.12", "0.13", "0.14"]


@dataclass(frozen=True)
class Sc3mlExporter(FolderExporter):
    """``labels.xml``: SC3ML with one pick for each label; picks of an event have arrivals at its origin.

    Picks of a recording without a known event stand by themselves, as SeisComP's own unassociated picks do. ObsPy's
    reader leaves those out, and rejected ones, because it reads picks by the arrivals that name them.

    Parameters
    ----------
    version
        Of SeisComP's schema: 0.11 is SeisComP 3 and later, 0.12 SeisComP 5, 0.13 SeisComP 6, 0.14 SeisComP 7.
    rejected
        Write rejected onsets too, with the status "rejected" and without an arrival.
    """

    name: ClassVar[str] = "sc3ml"
    title: ClassVar[str] = "SC3ML, for SeisComP"
    cannot_hold: ClassVar[tuple[str, ...]] = (
        "times finer than a microsecond (a comment holds them)",
        "network, station and location codes over eight characters (a comment holds them)",
    )

    version: SchemaVersion = "0.12"
    rejected: bool = True

    def write(self, batch: Batch) -> None:
        """Write ``labels.xml``."""
        from lxml import etree

        labels = batch.labels if self.rejected else batch.account.standing(batch.labels)
        document = _document(label_catalog(batch, labels), self.version)
        _free_picks(document)
        _use_nothing_of_no_weight(document)
        content = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
        (batch.place / "labels.xml").write_bytes(content)


def _document(catalog: Any, version: str) -> Any:
    """A catalogue as SC3ML: quickly where ObsPy's stylesheet is as we know it, else as ObsPy itself writes it."""
    from lxml import etree

    written, sheet = io.BytesIO(), _stylesheet(version)
    if sheet is None:
        catalog.write(written, format="SCML", version=version)
        return etree.fromstring(written.getvalue())
    catalog.write(written, format="QUAKEML")
    return etree.fromstring(bytes(sheet(etree.fromstring(written.getvalue()))))


def _stylesheet(version: str) -> Any:
    """ObsPy's stylesheet from QuakeML to a version of SC3ML, made fast; None if it is not where, or as, it was.

    For every element it looks twice through all of SeisComP's schema for the type of that element, which takes most of
    the time of an export; here it finds the type by a key. Where the file lies is a matter of ObsPy's own, and nobody
    need keep it: so this is a shortcut, and never the only way.
    """
    import obspy
    from lxml import etree

    folder = Path(obspy.__file__).parent / "io" / "seiscomp" / "data"
    paths = list(folder.glob(f"quakeml_1.2__*_{version}.xsl"))
    if len(paths) != 1:
        return None
    try:
        sheet = etree.parse(str(paths[0]))
    except (OSError, etree.XMLSyntaxError):
        return None
    root, loop = sheet.getroot(), f"{{{_XSL}}}for-each"
    slow = [found for found in root.findall(f".//{loop}") if _SEARCH in found.get("select")]
    if not slow:
        return None
    root.insert(0, etree.Element(f"{{{_XSL}}}key", name="types", match="xs:complexType", use="@name"))
    for found in slow:
        # A key holds for the document that one stands in.
        inside = etree.Element(loop, select="$schema")
        found.addprevious(inside)
        inside.append(found)
        found.set("select", found.get("select").replace(_SEARCH, "key('types', string($name))"))
    return etree.XSLT(sheet)


def _use_nothing_of_no_weight(document: Any) -> None:
    """Say of arrivals of the weight 0 that their time is not used.

    ObsPy says of every arrival with a weight that it is, and most of SeisComP's locators go by that alone.
    """
    for used in document.xpath(
        "//*[local-name()='arrival'][*[local-name()='weight'][number() = 0]]/*[local-name()='timeUsed']"
    ):
        used.text = "false"


def _free_picks(document: Any) -> None:
    """Take away the events that stand for none: their picks stand beside the events already."""
    for event in document.xpath("//*[local-name()='event']"):
        if event.get("publicID", "").startswith(PLACEHOLDER):
            event.getparent().remove(event)
