// The stage: figures, text around them, picks on them.

const SAMPLES_LEAST = 20;

export function render({ model, el }) {
  const root = h("div", { class: "stage", tabindex: "0", role: "application", "aria-label": "Seismograms. Press Enter to switch keys on, Escape to switch them off." });
  root.append(h("div", { class: "plots" }, model.get_child("plots")));
  el.append(root);
  const state = {
    screen: { rows: [], pills: [], pickers: [] }, marks: { seq: 0, items: [], in_hand: "" }, colours: {}, keymap: {}, cursor: {},
    phase: "P", armed: false, reading: false, viewed: 0, place: { number: 0 },
  };
  const send = message => model.send_msg(message);
  const plots = new Plots(model, root, state);
  const furniture = new Furniture(state, root, plots, send);
  const edits = new Edits(state, plots, furniture, send);
  const gestures = new Gestures(state, root, plots, edits, furniture, send);

  const paint = () => {
    for (const [token, value] of Object.entries(state.colours)) root.style.setProperty(`--${token}`, value);
  };
  const draw = () => { furniture.draw(); edits.draw(); };
  const nextFrame = call => requestAnimationFrame(() => requestAnimationFrame(call));

  // ---- the range: the browser has moved already; Python sends finer points. One question at a time, latest view wins.
  let range = null, number = 0, asked = 0, moved = false, queued = false, settle = null;
  const tellView = settled => {
    moved = false;
    number += 1;
    asked = performance.now();
    send({ op: "view", start: range.start, end: range.end, settled, number, placed: state.place.number, token: state.screen.token || "" });
  };
  const waiting = () => state.viewed < number && performance.now() - asked < 1000;
  // Bokeh's own bounds would clamp the start of another recording against the end of the last one.
  const keepInside = () => {
    const [first, last] = state.place.limits || [range.start, range.end];
    const slack = 0.05 * (last - first), shown = range.end - range.start;
    // A wheel turned with a swing would end between two samples.
    const width = Math.min(Math.max(shown, SAMPLES_LEAST * (state.screen.step_ms || 0)), last - first + 2 * slack);
    const start = Math.min(Math.max(range.start + (shown < width ? (shown - width) / 2 : 0), first - slack), last + slack - width);
    if (Math.abs(start - range.start) > 1e-6 * width || Math.abs(start + width - range.end) > 1e-6 * width) range.setv({ start, end: start + width });
  };
  const ranged = () => {
    if (queued) return;
    queued = true;
    // Python moves start and end one after the other: look when both have arrived.
    queueMicrotask(() => {
      queued = false;
      if (!(range.end > range.start)) return;
      keepInside();
      edits.draw();
      moved = true;
      if (!waiting()) tellView(false);
      clearTimeout(settle);
      settle = setTimeout(() => tellView(true), 220);
    });
  };
  const watchRange = () => {
    const views = plots.find();
    if (!views || views.range === range) return;
    range = views.range;
    // The plot also changes its height when the spectrogram comes and goes below it.
    resized.observe(views.traces.el);
    for (const side of ["start", "end"]) range.properties[side].change.connect(ranged);
  };

  const resized = new ResizeObserver(() => nextFrame(measure));
  const measure = () => {
    const views = plots.find();
    if (!views) return;
    watchRange();
    const { width, height } = views.traces.frame.bbox;
    send({ op: "size", width, height, stage: root.clientHeight });
    draw();
  };
  const ready = () => {
    if (!root.isConnected) return;
    if (plots.find() && plots.find().traces.frame.bbox.width > 10) { measure(); edits.take(); nextFrame(draw); }
    else requestAnimationFrame(ready);
  };
  resized.observe(root);

  // ---- what Python says, by name; `state` holds the last of each.
  const heard = {
    place: () => { watchRange(); if (range) range.setv({ start: state.place.start, end: state.place.end }); },
    screen: () => { watchRange(); furniture.draw(); },
    marks: () => edits.take(),
    cursor: () => { edits.cursor = state.cursor.station ? state.cursor : edits.cursor; },
    refined: () => edits.refined(state.refined),
    colours: () => { paint(); furniture.draw(); },
    reading: () => furniture.drawSkeleton(state.reading),
    armed: () => { const views = plots.find(); if (views) furniture.drawOutline(views); },
    viewed: () => { if (moved && !waiting()) tellView(false); },
  };
  model.on("msg:custom", event => {
    const told = event.data ?? event;
    Object.assign(state, told);
    for (const name of Object.keys(told)) heard[name]?.();
    if (["screen", "marks", "cursor", "colours"].some(name => name in told)) edits.draw();
  });
  model.on("remove", () => { gestures.remove(); resized.disconnect(); });
  send({ op: "ready" });
  send({ op: "armed", on: false });
  ready();
}
