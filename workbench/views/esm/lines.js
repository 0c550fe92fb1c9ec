// The traces: from the samples that Python sent, whatever part of them is on the screen, at the scale that fills the rows.

const AROUND = 0.25, POINTS_PER_PX = 2, FEWEST_POINTS = 200;

class Lines {
  constructor(state, plots, layer) {
    Object.assign(this, { state, plots, layer });
    this.drawn = null;
    this.ready = new WeakMap();
  }

  // Half range of a trace as it is drawn, 0 if nothing is seen of it.
  half(station, component) {
    return this.drawn?.gains.get(`${station} ${component}`)?.half ?? 0;
  }

  // Whether the view has left what is drawn, or zoomed so far that detail and gains must follow.
  outdated() {
    if (!this.drawn) return true;
    const { start, end } = this.plots.find().range, { low, high, width } = this.drawn, ratio = (end - start) / width;
    return start < low - 1e-6 || end > high + 1e-6 || !(ratio > 0.7 && ratio < 1.5);
  }

  // Whether finer samples would show: there is less than one value for each point that the screen has room for.
  get coarse() {
    return !this.drawn || this.drawn.coarse;
  }

  draw() {
    const views = this.plots.find(), { samples, screen, scale } = this.state, px = views.traces.frame.bbox.width;
    this.drawn = null;
    if (!samples || !scale || !screen.rows.length) return this.fill(views, [], []);
    const { start, end } = views.range, { picture, width, drawn } = this.ready.get(samples) ?? {};
    const same = picture?.screen === screen && picture.scale === scale && width === px && picture.x[0] === start && picture.x[1] === end;
    this.drawn = same ? drawn : drawnTraces(this.state, start, end, px);
    this.fill(views, this.drawn.focus, this.drawn.others);
  }

  // Draw a picture that may be wanted next, while there is time.
  prepare(picture) {
    const views = this.plots.find();
    if (!views || !picture.samples) return;
    const width = views.traces.frame.bbox.width, [start, end] = picture.x;
    this.ready.set(picture.samples, { picture, width, drawn: drawnTraces(picture, start, end, width) });
  }

  fill(views, focus, others) {
    for (const [name, traces] of [["focus", focus], ["others", others]])
      fillSource(views.source(name), { xs: traces.map(([x]) => x), ys: traces.map(([, y]) => y) });
    this.layer.draw();
  }
}

// The traces of the rows for a view from start to end that is px wide: points of each, and what they were made for.
function drawnTraces({ screen, samples, finer, scale }, start, end, px) {
  const [first, last] = screen.limits, width = end - start;
  const low = Math.max(start - AROUND * width, first), high = Math.min(end + AROUND * width, last);
  const n = Math.max(FEWEST_POINTS, Math.floor((POINTS_PER_PX * px * (high - low)) / width));
  const held = finer && finer.low <= low + 1e-6 && finer.high >= high - 1e-6 ? finer : samples;
  const traces = [], gains = new Map();
  let step = 0;
  for (const row of screen.rows) for (const band of row.bands) {
    const series = held.series.find(one => one.station === row.station && one.component === band.component);
    if (!series) continue;
    const points = pointsOf(series, held.values, low, high, n), gain = gainOf(points, start, end);
    step = Math.max(step, series.step);
    gains.set(`${row.station} ${band.component}`, gain);
    traces.push({ focus: row.focus, band, points, gain });
  }
  const common = scale.common ? Math.max(...traces.map(trace => trace.gain.half)) : 0;
  const columns = focus => traces.filter(trace => trace.focus === focus).map(({ band, points, gain }) =>
    [points.x, deflections(points.y, band, gain, common || gain.half, scale.loudness)]);
  return { low, high, width, gains, coarse: (step * px * POINTS_PER_PX) / width > 1, focus: columns(true), others: columns(false) };
}

// Other columns for a source; an empty one that stays empty is left alone, for each change makes Bokeh paint.
function fillSource(source, columns) {
  const empty = data => Object.values(data).every(column => !column.length);
  if (empty(source.data) && empty(columns)) return;
  const data = Object.fromEntries(Object.keys(source.data).map(name => [name, columns[name] ?? []]));
  source.setv({ data }, { sync: false, check_eq: false });
}
