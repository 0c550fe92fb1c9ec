// Where things are: the Bokeh views behind the stage, pixels, times and their words.

class Plots {
  constructor(model, root, state) {
    this.model = model;
    this.state = state;
    this.root = root;
    this.found = null;
    this.measured = null;
  }

  // Nothing moves while the call lasts: each place is measured once, and not again after each word that was written.
  still(call) {
    if (this.measured) return call();
    this.measured = new Map();
    try { call(); } finally { this.measured = null; }
  }

  // The views are made after this component and again whenever it moves to another parent.
  find() {
    if (this.found && this.found.traces.el.isConnected) return this.found;
    this.found = null;
    const name = part => `${this.model.stage}-${part}`;
    for (const doc of Bokeh.documents) {
      const figure = doc.get_model_by_name(name("traces"));
      const traces = figure && Bokeh.index.find_one(figure);
      if (!traces || !traces.frame) continue;
      const view = part => Bokeh.index.find_one(doc.get_model_by_name(name(part)));
      const probability = view("probability"), overview = view("overview");
      if (!probability || !overview) continue;
      const sources = new Map();
      this.found = {
        traces, probability, overview, all: [traces, view("spectrogram"), probability, overview].filter(found => found?.canvas_view),
        range: doc.get_model_by_name(name("x")),
        frequencies: doc.get_model_by_name(name("spectrogram")).y_range,
        source: part => sources.get(part) ?? sources.set(part, doc.get_model_by_name(name(`${part}-columns`))).get(part),
      };
      return this.found;
    }
    return null;
  }

  // Bokeh clears and fills its canvases from half a pixel on: of another theme, a line would stay along their edges.
  wipe() {
    for (const view of this.find()?.all ?? []) {
      const { primary, overlays } = view.canvas_view;
      for (const { canvas, ctx } of [primary, overlays]) {
        ctx.save();
        ctx.resetTransform();
        ctx.clearRect(0, 0, canvas.width, canvas.height);
        ctx.restore();
      }
      view.request_repaint();
    }
  }

  // Frame of a view in pixels of the stage.
  frame(view) {
    if (!this.measured) return this.measure(view);
    if (!this.measured.has(view)) this.measured.set(view, this.measure(view));
    return this.measured.get(view);
  }

  measure(view) {
    const own = view.el.getBoundingClientRect(), stage = this.root.getBoundingClientRect();
    const box = view.frame.bbox;
    const left = own.left - stage.left + box.left, top = own.top - stage.top + box.top;
    return { left, top, width: box.width, height: box.height, right: left + box.width, bottom: top + box.height };
  }

  rows() {
    return this.state.screen.rows || [];
  }

  row(station) {
    return this.rows().find(row => row.station === station);
  }

  focus() {
    return this.rows().find(row => row.focus);
  }

  rowAt(y) {
    return this.rows().find(row => y >= row.top && y < row.bottom);
  }

  // A pointer event in the traces' own measures; null outside the stage's plots.
  point(event) {
    return this.find() && event.composedPath().includes(this.root) ? this.at(event.clientX, event.clientY) : null;
  }

  // A place on the screen in the traces' own measures.
  at(clientX, clientY) {
    const views = this.find(), stage = this.root.getBoundingClientRect();
    const frame = this.frame(views.traces);
    const px = clientX - stage.left, py = clientY - stage.top;
    const x = this.toX(px, frame);
    const inside = px >= frame.left && px <= frame.right && py >= frame.top && py <= frame.bottom;
    const y = ((py - frame.top) / frame.height) * views.traces.model.y_range.start;
    const row = py >= frame.top && py <= frame.bottom ? this.rowAt(y) : null;
    return { px, py, x, y, inside, row, names: px < frame.left && row != null };
  }

  toX(px, frame) {
    const range = this.find().range;
    return range.start + ((px - frame.left) / frame.width) * (range.end - range.start);
  }

  toPx(x, frame) {
    const range = this.find().range;
    return frame.left + ((x - range.start) / (range.end - range.start)) * frame.width;
  }

  msPerPx() {
    const views = this.find();
    return views ? (views.range.end - views.range.start) / Math.max(1, views.traces.frame.bbox.width) : 1;
  }
}

// Half range of a trace as it stands beside it.
function gainWords(half) {
  if (!half || !isFinite(half)) return "";
  for (const [limit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (half >= limit) return `\u00B1${(half / limit).toFixed(1)}${letter}`;
  return `\u00B1${Number(half.toPrecision(half >= 1e-3 ? 3 : 2))}`;
}

const MINUS = "\u2212";

function clockWords(ms) {
  return new Date(Math.round(ms)).toISOString().slice(11, 23);
}

function signed(ms) {
  const n = Math.round(ms);
  return n < 0 ? `${MINUS}${-n}` : n > 0 ? `+${n}` : "0";
}

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") Object.assign(element.style, value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== ""));
  return element;
}
