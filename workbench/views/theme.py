"""Every colour and measure on the screen, in one table with two columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = [
    "FONT",
    "MARKERS",
    "SIGNED_STEPS",
    "SYMBOLS",
    "TOKENS",
    "bokeh_theme",
    "css_tokens",
    "phase_colour",
    "ramp_colours",
    "signed_colours",
    "theme_config",
]

FONT = 'Roboto, "Segoe UI", "Helvetica Neue", Arial, sans-serif'

_TABLE: Mapping[str, tuple[str, str]] = {
    # token: (light, dark)
    "background": ("#F2F4F7", "#0B1015"),
    "surface": ("#FFFFFF", "#131A21"),
    "sunken": ("#F7F9FB", "#0F151B"),
    "plot": ("#FFFFFF", "#10161C"),
    "raised": ("#FFFFFF", "#1B242D"),
    "border": ("#D8DEE5", "#2A353F"),
    "grid": ("#E9EDF1", "#1C252E"),
    "strong": ("#7E8A96", "#6C7985"),
    "text": ("#18212B", "#E4E9EE"),
    "muted": ("#55616D", "#9BA8B5"),
    "accent": ("#223344", "#DDE6EE"),
    "on_accent": ("#FFFFFF", "#10161C"),
    "selected": ("#E4EAF0", "#27333F"),
    "focus_band": ("#F1F4F7", "#18212A"),
    "p": ("#B44400", "#FF9248"),
    "s": ("#0069A8", "#5DB7F0"),
    "other": ("#00795C", "#4FC79A"),
    "trace_focus": ("#2B3640", "#C7D0D9"),
    "trace": ("#6A7683", "#8794A1"),
    # Signed attribution: what spoke for the answer, what against it, and what did neither.
    "for": ("#00664F", "#4FD1A5"),
    "against": ("#A3197F", "#F07CC5"),
    "neutral": ("#8792A0", "#5E6B78"),
    "ok": ("#1A7336", "#5CC97B"),
    "warn": ("#8A5A00", "#E5B54A"),
    "error": ("#B3261E", "#FF8A80"),
    "ok_fill": ("#E5F3E9", "#14291C"),
    "warn_fill": ("#FBF0DC", "#2E2612"),
    "error_fill": ("#FBE9E7", "#33191A"),
}

TOKENS: Mapping[str, Mapping[str, str]] = {
    "light": {token: pair[0] for token, pair in _TABLE.items()},
    "dark": {token: pair[1] for token, pair in _TABLE.items()},
}
"""Theme to token to colour."""

MARKERS = ("inverted_triangle", "diamond", "square", "triangle", "circle", "plus")
"""Bokeh markers of pickers, in the order in which they stand in the table."""

SYMBOLS = ("▼", "◆", "■", "▲", "●", "✚")
"""The same markers in text."""


def phase_colour(phase: str, theme: str) -> str:
    """The colour of a phase: one hue for the P family, one for the S family, one for all others.

    >>> phase_colour("Pn", "light") == phase_colour("P", "light")
    True
    """
    tokens = TOKENS[theme]
    return tokens.get(phase[:1].lower() if phase[:1] in "PS" else "other", tokens["other"])


SIGNED_STEPS = 13
"""Colours of a signed scale; the middle one is neutral."""


def signed_colours(theme: str) -> list[str]:
    """From against to for, through neutral.

    >>> colours = signed_colours("light")
    >>> len(colours), colours[0], colours[6], colours[12]
    (13, '#a3197f', '#8792a0', '#00664f')
    """
    ends = [_rgb(TOKENS[theme][token]) for token in ("against", "neutral", "for")]
    half = SIGNED_STEPS // 2
    mixed = []
    for step in range(SIGNED_STEPS):
        low, high = (ends[0], ends[1]) if step < half else (ends[1], ends[2])
        part = step / half if step < half else step / half - 1
        mixed.append("#" + "".join(f"{round(a + part * (b - a)):02x}" for a, b in zip(low, high, strict=True)))
    return mixed


_RAMP: Mapping[str, tuple[str, ...]] = {
    "light": ("#DCE2E8", "#A9B6C2", "#4E6577", "#0B2A3F"),
    "dark": ("#26323C", "#4D6070", "#A9A98A", "#FFE79A"),
}


def ramp_colours(shares: Iterable[float], theme: str) -> list[str]:
    """Colours of scalars on a background, of which the strongest contrasts most: 0 is the weakest, 1 the strongest.

    >>> ramp_colours([0.0, 1.0, 2.0], "dark")
    ['#26323c', '#ffe79a', '#ffe79a']
    """
    stops = [_rgb(colour) for colour in _RAMP[theme]]
    found = []
    for share in shares:
        place = min(max(float(share), 0.0), 1.0) * (len(stops) - 1)
        low = min(int(place), len(stops) - 2)
        part = place - low
        mixed = (round(a + part * (b - a)) for a, b in zip(stops[low], stops[low + 1], strict=True))
        found.append("#" + "".join(f"{each:02x}" for each in mixed))
    return found


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def css_tokens(theme: str) -> str:
    """CSS declarations of all tokens: ``--wb-muted: #55616D; ...``."""
    return " ".join(f"--wb-{token.replace('_', '-')}: {colour};" for token, colour in TOKENS[theme].items())


def theme_config() -> dict[str, dict[str, Any]]:
    """Material UI's theme for ``pmui.Page(theme_config=...)``: ink accent, small type, no shadows, both themes."""
    return {theme: _material_theme(theme) for theme in TOKENS}


def bokeh_theme(theme: str) -> dict[str, dict[str, dict[str, Any]]]:
    """JSON of the Bokeh theme for figures: axes, grid and background from the tokens, nothing in the margins."""
    token = TOKENS[theme]
    return {
        "attrs": {
            "Plot": {
                "background_fill_color": token["plot"],
                "border_fill_color": token["plot"],
                "outline_line_color": None,
                "min_border": 0,
            },
            "Grid": {"grid_line_color": token["grid"]},
            "Axis": {
                "axis_line_color": token["strong"],
                "major_tick_line_color": token["strong"],
                "minor_tick_line_color": None,
                "major_label_text_color": token["text"],
                "major_label_text_font": FONT,
                "major_label_text_font_size": "12px",
                "axis_label_text_color": token["muted"],
                "axis_label_text_font": FONT,
                "axis_label_text_font_size": "11px",
                "axis_label_text_font_style": "normal",
            },
            "Title": {"text_font_size": "13px", "text_color": token["text"]},
            "Legend": {"label_text_color": token["text"], "background_fill_color": token["plot"]},
            "ColorBar": {"major_label_text_color": token["text"], "background_fill_color": token["plot"]},
        }
    }


def _material_theme(theme: str) -> dict[str, Any]:
    token = TOKENS[theme]
    return {
        "palette": {
            "primary": {"main": token["accent"], "contrastText": token["on_accent"]},
            "text": {"primary": token["text"], "secondary": token["muted"]},
            "background": {"default": token["background"], "paper": token["surface"]},
            "divider": token["border"],
            "success": {"main": token["ok"]},
            "warning": {"main": token["warn"]},
            "error": {"main": token["error"]},
            "action": {"selected": token["selected"], "hover": token["focus_band"]},
        },
        "shape": {"borderRadius": 6},
        "typography": {
            "fontFamily": FONT,
            "fontSize": 13,
            "button": {"textTransform": "none", "fontWeight": 600},
        },
        "components": _material_components(token),
    }


def _material_components(token: Mapping[str, str]) -> dict[str, Any]:
    small = {"defaultProps": {"size": "small"}}
    focus = {"outline": f"2px solid {token['accent']}", "outlineOffset": "2px"}
    return {
        "MuiButtonBase": {
            "defaultProps": {"disableRipple": True},
            "styleOverrides": {"root": {"&.Mui-focusVisible": focus}},
        },
        "MuiPaper": {"styleOverrides": {"root": {"backgroundImage": "none"}}},
        "MuiAppBar": {
            "defaultProps": {"elevation": 0},
            "styleOverrides": {
                "root": {
                    "backgroundColor": token["surface"],
                    "backgroundImage": "none",
                    "color": token["text"],
                    "borderBottom": f"1px solid {token['border']}",
                    "boxShadow": "none",
                }
            },
        },
        "MuiToolbar": {"styleOverrides": {"root": {"minHeight": "47px !important", "paddingLeft": "14px !important"}}},
        "MuiButton": {
            "defaultProps": {"size": "small", "disableElevation": True},
            "styleOverrides": {"root": {"minHeight": "28px", "paddingTop": "2px", "paddingBottom": "2px"}},
        },
        "MuiSwitch": small,
        "MuiSlider": small,
        "MuiToggleButton": {
            "styleOverrides": {
                "root": {
                    "height": "28px",
                    "padding": "0 9px",
                    "fontSize": "12px",
                    "color": token["muted"],
                    "borderColor": token["border"],
                    "&.Mui-selected, &.Mui-selected:hover": {
                        "color": token["text"],
                        "backgroundColor": token["selected"],
                    },
                }
            }
        },
        "MuiTab": {"styleOverrides": {"root": {"minHeight": "40px", "minWidth": "0", "padding": "8px 12px"}}},
        "MuiTabs": {"styleOverrides": {"root": {"minHeight": "40px"}}},
    }
