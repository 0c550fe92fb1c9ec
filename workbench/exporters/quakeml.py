"""Labels as picks in QuakeML 1.2, under their events."""

from __future__ import annotations

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.exporters.base import ReadEvent, ReadRecording
from workbench.exporters.label_table import check_exportable, iso_utc_ns
from workbench.exporters.target import new_folder
from workbench.schema import Event, Report, silent

__all__ = ["QuakeMLExporter"]

_STATUS = {"accept": "confirmed", "reject": "rejected"}

_LONGEST_CODE = 8
"""Characters of a network, station or location code in QuakeML."""


class QuakeMLExporter:
    """``labels.xml``: one pick for each label, with uncertainties, polarity, onset, evaluation mode and status.

    Picks of recordings of one event stand under that event, tied to its preferred origin by arrivals; those of a
    recording without a known event stand under an event of their own without an origin, because QuakeML has no other
    place for them. An accepted pick is "confirmed", an onset that the analyst added, moved or edited is "reviewed",
    both are "manual"; a rejected one is "rejected", has no arrival, and is "automatic" if it was a picker's. ObsPy
    writes times to the microsecond; a comment in JSON holds the nanosecond, the decision and its provenance.
    """

    def export(
        self,
        labels: pd.DataFrame,
        recordings: ReadRecording,  # noqa: ARG002 - QuakeML holds no waveforms
        folder: Path,
        report: Report = silent,
        events: ReadEvent | None = None,
    ) -> list[Path]:
        """The file that was written."""
        check_exportable(labels)
        with new_folder(folder) as place:
            catalog = _catalog(labels, events, report)
            catalog.write(str(place / "labels.xml"), format="QUAKEML")
        report(1.0, f"{len(labels)} picks")
        return [Path(folder) / "labels.xml"]


def _catalog(labels: pd.DataFrame, events: ReadEvent | None, report: Report) -> Any:
    from obspy.core.event import Catalog

    made: dict[str, Any] = {}
    groups = list(labels.groupby("recording_id", sort=True))
    for number, (name, rows) in enumerate(groups):
        report(number / len(groups), f"recording {number + 1} of {len(groups)}")
        recording_id = str(name)
        event = events(recording_id) if events is not None else None
        key = f"event {event.event_id}" if event is not None else f"recording {recording_id}"
        if key not in made:
            made[key] = _event(event, recording_id)
        _add_picks(made[key], rows)
    return Catalog(list(made.values()), resource_id=_resource("labels", "\n".join(labels["label_id"])))


def _add_picks(event: Any, labels: pd.DataFrame) -> None:
    from obspy.core.event import Arrival

    rows = labels.assign(exact=iso_utc_ns(labels["time"])).sort_values(["station", "time", "label_id"], kind="stable")
    for row in rows.itertuples(index=False):
        pick = _pick(row)
        event.picks.append(pick)
        if event.origins and row.decision != "reject":
            event.origins[0].arrivals.append(
                Arrival(
                    resource_id=_resource("arrival", row.label_id), pick_id=pick.resource_id, phase=_clean(row.phase)
                )
            )


def _event(event: Event | None, recording_id: str) -> Any:
    from obspy.core.event import Event as QuakeMLEvent
    from obspy.core.event import EventDescription

    name = recording_id if event is None else event.event_id
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
        comments=[Comment(text=json.dumps(details, sort_keys=True))],
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
