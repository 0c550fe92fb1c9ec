"""What the export dialog says of a format: its settings as fields, in plain words, and what it cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.exporters import EXPORTERS
from workbench.exporters.settings import ExportSetting, export_settings
from workbench.schema import WEIGHT_SCHEMES
from workbench.views.tags import field, options, tag, text

__all__ = ["format_titles", "lost_words", "setting_fields"]

_LABELS = {
    "rejected": "Rejected onsets",
    "weights": "Weight classes",
    "others_too": "Pn, Pg, Sn, ...",
    "station": "Station name",
    "unknown_s": "Unknown error (s)",
    "version": "Schema version",
}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "rejected": {"yes": "Written, and marked as rejected", "no": "Left out"},
    "weights": {name: scheme.in_words() for name, scheme in WEIGHT_SCHEMES.items()},
    "others_too": {"no": "Left out", "yes": "The first stands for P (S) where there is none"},
    "station": {"STA": "RJOB", "NET_STA": "BW_RJOB", "NET_STA_LOC": "BW_RJOB_00"},
}


def format_titles() -> dict[str, str]:
    """Each format by name, in a few words."""
    return {name: getattr(EXPORTERS[name], "title", name) for name in EXPORTERS if EXPORTERS.availability(name).ok}


def setting_fields(name: str, values: Mapping[str, Any]) -> str:
    """One field for each setting of a format; what is changed there comes as ``data-act="setting"``.

    Parameters
    ----------
    values
        What was chosen; a setting that is not there has its default.
    """
    return "".join(
        field(_LABELS.get(setting.name, setting.name), _control(setting, values.get(setting.name, setting.default)))
        for setting in export_settings(name).values()
    )


def _control(setting: ExportSetting, value: Any) -> str:
    shown = setting.show(value)
    about = {"data_act": "setting", "data_setting": setting.name, "data_key": f"setting-{setting.name}"}
    if setting.choices:
        words = _CHOICES.get(setting.name, {})
        return tag("select", options({choice: words.get(choice, choice) for choice in setting.choices}, shown), **about)
    return tag("input", type="text", spellcheck="false", value=shown, **about)


def lost_words(name: str) -> str:
    """What a format cannot hold, as a folded list that opens with a click; nothing where it holds all."""
    lost = getattr(EXPORTERS[name], "cannot_hold", ())
    if not lost:
        return tag("p", "Holds all that was decided.", class_="muted")
    return tag(
        "details",
        tag("summary", "What this format cannot hold"),
        tag("ul", *(tag("li", text(phrase)) for phrase in lost)),
        class_="muted",
        open=True,
    )
