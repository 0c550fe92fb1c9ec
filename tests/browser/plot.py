"""What the trace view shows in a browser: its time range, where its frame is, and the picks on it."""

from __future__ import annotations

__all__ = ["PLOT", "PLOT_WITH_PICKS"]

PLOT = """() => {
  const out = {};
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    const name = model.name || "";
    if (/^traces-.*-x$/.test(name)) out.range = [model.start, model.end];
    if (/^traces-.*-traces$/.test(name)) {
      const view = Bokeh.index.find_one(model);
      if (!view || !view.frame) return null;
      const own = view.el.getBoundingClientRect(), box = view.frame.bbox;
      out.frame = [own.left + box.left, own.top + box.top, box.width, box.height];
      out.rows = model.y_range.start;
    }
    if (/^traces-.*-marks-columns$/.test(name)) {
      const d = model.data;
      out.marks = Array.from(d.id).map((id, i) => ({
        ...Object.fromEntries(Object.keys(d).map(key => [key, d[key][i]])), dashed: d.dash[i].length > 0,
      }));
    }
  }
  return out.frame && out.frame[2] > 100 && Math.abs(out.rows - out.frame[3]) < 1 ? out : null;
}"""
"""Script that gives it in client pixels and ms; null until the server has laid the rows out for the frame's height."""

PLOT_WITH_PICKS = f"() => {{ const plot = ({PLOT})(); return plot && plot.marks.length ? plot : null; }}"
"""The same, null as long as no pick is drawn."""
