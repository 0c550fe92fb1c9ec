// What Python tells of a recording, put on the figures: the same way whether it comes when asked for or was held ahead.

const COLUMNS = ["curves", "fills", "peaks", "overview", "overview_marks", "spectrogram"];
const PICTURE = ["x", "screen", "samples", "finer", "scale", "marks", ...COLUMNS];

class Picture {
  constructor(state, plots, lines, furniture, edits) {
    Object.assign(this, { state, plots, lines, furniture, edits });
  }

  // Put on the figures those parts of the state that have just changed.
  put(names) {
    const views = this.plots.find(), changed = (...parts) => parts.some(name => names.includes(name));
    if (!views) return;
    if (changed("screen")) this.ranges(views);
    if (changed("x")) this.look(views, this.state.x);
    for (const name of COLUMNS) if (changed(name)) fillSource(views.source(name), this.state[name]);
    const redraw = changed("screen", "samples", "scale", "x") || (changed("finer") && this.lines.coarse);
    if (redraw) this.lines.draw();
    if (changed("colours")) { this.plots.wipe(); this.lines.layer.draw(); }
    if (changed("screen", "colours")) this.furniture.draw();
    else if (redraw) this.furniture.drawGains();
  }

  look(views, [start, end]) {
    views.range.setv({ start, end }, { sync: false });
  }

  ranges(views) {
    const { limits, height, rows, spectrogram } = this.state.screen;
    if (!rows.length) return;
    views.overview.model.x_range.setv({ start: limits[0], end: limits[1] }, { sync: false });
    views.traces.model.y_range.setv({ start: height, end: 0 }, { sync: false });
    if (spectrogram) views.frequencies.setv({ start: 0, end: spectrogram }, { sync: false });
  }
}
