"""Labels as an ObsPy catalogue of events with picks, from which QuakeML and SC3ML are written."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from workbench.exporters.base import Batch
from workbench.exporters.label_table import iso_utc_ns
from workbench.exporters.weighing import is_unused
from workbench.schema import Event

__all__ = ["PLACEHOLDER", "label_catalog"]

PLACEHOLDER = "smi:local/recording/"
"""Begins the id of an event that stands for none: it holds the picks of a recording of which no event is known."""

_STATUS = {"accept": "confirmed", "reject": "rejected"}

_LONGEST_CODE = 8
"""Characters of a network, station or location code in QuakeML."""


def label_catalog(batch: Batch, labels: pd.DataFrame) -> Any:
    """An ObsPy catalogue with one pick for each label.

    Picks of recordings of one event stand under that event, tied to its preferred origin by arrivals; those of a
    recording without a known event under an event of their own without an origin (`PLACEHOLDER`). An accepted pick is
    "confirmed", an onset that the analyst added, moved or edited "reviewed", both are "manual"; a rejected one is
    "rejected", has no arrival, and is "automatic" if it was a picker's. The arrival of an onset that is not to be used
    (class 4) has the weight 0, others have none. Every id is the same in every export. A comment in JSON holds what the
    fields cannot: the nanosecond, the decision and its provenance.
    """
    from obspy.core.event import Catalog

    made = []
    for group in batch.by_event(labels.assign(exact=iso_utc_ns(labels["time"]))):
        event = _event(group.event, group.name)
        _add_picks(event, group.rows)
        made.append(event)
    return Catalog(made, resource_id=_resource("labels", "\n".join(labels["label_id"])))


def _add_picks(event: Any, rows: Iterable[Any]) -> None:
    from obspy.core.event import Arrival

    for row in rows:
        pick = _pick(row)
        event.picks.append(pick)
        if event.origins and row.decision != "reject":
            event.origins[0].arrivals.append(
                Arrival(
                    resource_id=_resource("arrival", row.label_id),
                    pick_id=pick.resource_id,
                    phase=_clean(row.phase),
                    time_weight=0.0 if is_unused(row) else None,
                )
            )


def _event(event: Event | None, name: str) -> Any:
    from obspy.core.event import Event as QuakeMLEvent
    from obspy.core.event import EventDescription

    made = QuakeMLEvent(resource_id=_resource("recording" if event is None else "event", name))
    made.event_descriptions = [EventDescription(text=_clean(name), type="earthquake name")]
    if event is not None:
        _add_origin(made, event)
    return made


def _add_origin(made: Any, event: Event) -> None:
    from obspy.core.event import Magnitude, Origin

    # QuakeML knows no origin without a place.
    if math.isnan(event.latitude_deg) or math.isnan(event.longitude_deg) or pd.isna(event.time):
        return
    origin = Origin(
        resource_id=_resource("origin", f"of {event.event_id}"),
        time=_utc(event.time),
        latitude=event.latitude_deg,
        longitude=event.longitude_deg,
        depth=None if math.isnan(event.depth_km) else event.depth_km * 1000.0,
    )
    made.origins.append(origin)
    made.preferred_origin_id = origin.resource_id
    if not math.isnan(event.magnitude):
        magnitude = Magnitude(
            resource_id=_resource("magnitude", f"of {event.event_id}"),
            mag=event.magnitude,
            magnitude_type=event.magnitude_type or None,
            origin_id=origin.resource_id,
        )
        made.magnitudes.append(magnitude)
        made.preferred_magnitude_id = magnitude.resource_id


def _pick(row: Any) -> Any:
    from obspy.core.event import Comment, CreationInfo, Pick, WaveformStreamID

    network, station, location = (*row.station.split("."), "", "")[:3] if "." in row.station else ("", row.station, "")
    provenance = json.loads(row.provenance or "{}")
    details = {"decision": row.decision, "station": row.station, "time": row.exact, "provenance": provenance}
    if not math.isnan(row.weight):
        details["weight_class"] = row.weight
    picker = "/".join(str(provenance[name]) for name in ("picker", "weights") if provenance.get(name))
    automatic = row.decision == "reject" and row.pick_id
    return Pick(
        resource_id=_resource("pick", row.label_id),
        time=_utc(row.time),
        time_errors=_uncertainty(row.uncertainty_minus_s, row.uncertainty_plus_s),
        waveform_id=WaveformStreamID(
            network[:_LONGEST_CODE], station[:_LONGEST_CODE], location.replace("--", "")[:_LONGEST_CODE]
        ),
        method_id=_resource("picker", picker) if picker else None,
        phase_hint=_clean(row.phase),
        polarity=row.polarity or None,
        onset=row.onset_quality or None,
        evaluation_mode="automatic" if automatic else "manual",
        evaluation_status=_STATUS.get(row.decision, "reviewed"),
        creation_info=CreationInfo(author=_clean(row.analyst)[:128], creation_time=_utc(row.decided_at)),
        comments=[Comment(text=json.dumps(details, sort_keys=True), force_resource_id=False)],
    )


def _uncertainty(minus_s: float, plus_s: float) -> Any:
    from obspy.core.event import QuantityError

    return QuantityError(
        uncertainty=minus_s if minus_s == plus_s else None,
        lower_uncertainty=None if math.isnan(minus_s) else minus_s,
        upper_uncertainty=None if math.isnan(plus_s) else plus_s,
    )


def _utc(time: pd.Timestamp) -> Any:
    from obspy import UTCDateTime

    return UTCDateTime(ns=int(pd.Timestamp(time).as_unit("ns").value))


def _clean(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "?", text)


def _resource(kind: str, name: str) -> Any:
    """An id that is valid in QuakeML and the same in every export: made of the name, or of its hash."""
    from obspy.core.event import ResourceIdentifier

    if re.fullmatch(r"(smi|quakeml):[\w.*()~'-]{3,}/[\w.*()+?~'=,;#/&-]+", name, re.ASCII):
        return ResourceIdentifier(name)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._~/-]{0,99}", name):
        name = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return ResourceIdentifier(f"smi:local/{kind}/{name}")
