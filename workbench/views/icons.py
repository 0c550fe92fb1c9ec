"""Small drawings as inline SVG: they take the colour of the text and need no font."""

from __future__ import annotations

__all__ = ["icon", "status_icon"]

_PATHS = {
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5 14 14"/>',
    "undo": '<path d="M6 3 2.5 6.5 6 10"/><path d="M2.5 6.5H10a3.5 3.5 0 0 1 0 7H6"/>',
    "redo": '<path d="M10 3l3.5 3.5L10 10"/><path d="M13.5 6.5H6a3.5 3.5 0 0 0 0 7h4"/>',
    "spectrogram": '<path d="M2 13.5V9M5 13.5V5M8 13.5V2.5M11 13.5V7M14 13.5V4"/>',
    "export": '<path d="M8 10V2M5 4.5 8 1.8l3 2.7M2.5 9v4.5h11V9"/>',
    "note": '<path d="M3 2.5h10v8l-3 3H3zM5.5 6h5M5.5 9h3"/>',
    "help": '<circle cx="8" cy="8" r="6.2"/><path d="M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.5-.7 1.1M8 11.4v.4"/>',
    "leave": '<path d="M6.5 2.5H3v11h3.5M10.5 5 13.5 8l-3 3M13.5 8H6.5"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="6.5" rx="1.5"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "close": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "dock": '<rect x="2" y="3" width="12" height="10" rx="1.5"/><path d="M2 9.5h12"/>',
    "list": '<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1"/>',
    "open": '<path d="M2 4.5h4l1.5 1.5H14v7H2z"/>',
    "keyboard": (
        '<rect x="1.5" y="4" width="13" height="8.5" rx="1.5"/><path d="M4 7h.1M6.5 7h.1M9 7h.1M11.5 7h.1M5 10h6"/>'
    ),
    "check": '<path d="M3 8.5 6.5 12 13 4.5"/>',
    "warn": '<path d="M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.8v.2"/>',
    "error": '<circle cx="8" cy="8" r="6"/><path d="M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4"/>',
    "info": '<circle cx="8" cy="8" r="6"/><path d="M8 7.2v4M8 4.8v.2"/>',
    "next": '<path d="M3 3.5 9 8l-6 4.5zM12.5 3.5v9"/>',
    "flag": '<path d="M4 14V2.5h8.5L10.5 5.5l2 3H4"/>',
    "refine": '<path d="M3 13c0-6 4-8 9-8M9 2l3.5 3L9 8"/>',
    "play": '<path d="M5 3.2 12.5 8 5 12.8z"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "brush": '<path d="M10.5 2.5 13.5 5.5 6 13H3v-3zM8.5 4.5l3 3"/>',
    "wait": '<path d="M3.5 8h.1M8 8h.1M12.5 8h.1"/>',
    "minus": '<path d="M3.5 8h9"/>',
    "more": '<path d="M2.5 4h11M4.5 8h7M6.5 12h3"/>',
    "moon": '<path d="M12.8 9.6A5.5 5.5 0 0 1 6.4 3.2a5.5 5.5 0 1 0 6.4 6.4z"/>',
    "sun": (
        '<circle cx="8" cy="8" r="3"/><path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5'
        'l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1"/>'
    ),
}

_STATUS = {
    "untouched": '<circle cx="8" cy="8" r="5" stroke="var(--wb-strong)"/>',
    "in work": '<circle cx="8" cy="8" r="5"/><path d="M8 3a5 5 0 0 0 0 10z" fill="currentColor"/>',
    "done": '<path d="M3 8.5 6.5 12 13 4.5" stroke="var(--wb-ok)" stroke-width="1.8"/>',
    "rejected": '<path d="M4 4l8 8M12 4l-8 8" stroke="var(--wb-error)"/>',
}

_TITLES = {"untouched": "Untouched", "in work": "In work", "done": "Done", "rejected": "Rejected"}


def icon(name: str, size_px: int = 16) -> str:
    """An SVG that screen readers pass over; the control beside it carries the words."""
    return _svg(_PATHS[name], size_px, 'aria-hidden="true"')


def status_icon(status: str, size_px: int = 14) -> str:
    """Ring, half disc, check or cross, with the status in words for screen readers."""
    return _svg(_STATUS[status], size_px, f'role="img" aria-label="{_TITLES[status]}"')


def _svg(content: str, size_px: int, extra: str) -> str:
    return (
        f'<svg width="{size_px}" height="{size_px}" viewBox="0 0 16 16" fill="none" stroke="currentColor" '
        f'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" {extra}>{content}</svg>'
    )
