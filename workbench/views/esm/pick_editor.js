// The stage: figures, text around them, picks on them.

const SAMPLES_LEAST = 20;

export function render({ model, el }) {
  const root = h("div", { class: "stage", tabindex: "0", role: "application", "aria-label": "Seismograms. Press Enter to switch keys on, Escape to switch them off." });
  root.append(h("div", { class: "plots" }, model.get_child("plots")));
  el.append(root);
  const state = {
    screen: { rows: [], pills: [], pickers: [] }, marks: { seq: 0, items: [], in_hand: "" }, colours: {}, keymap: {}, cursor: {},
    phase: "P", armed: false, reading: false, viewed: 0,
  };
  const send = message => {
    if (ABOUT_ALL_RECORDINGS.includes(message.op) || message.op === "threshold") pages.doubt();
    model.send_msg(message);
  };
  const plots = new Plots(model, root, state);
  const open = picture => { Object.assign(state, picture); put(Object.keys(picture), true); };
  const pages = new Pages(root, send, open, picture => lines.prepare(picture));
  const traces = new TraceLayer(root, plots, state, "traces"), layer = new PickLayer(root, plots, state, "picks");
  const lines = new Lines(state, plots, traces);
  const furniture = new Furniture(state, root, plots, lines, send);
  const edits = new Edits(state, plots, layer, furniture, pages, send);
  const gestures = new Gestures(state, root, plots, edits, furniture, send);
  const picture = new Picture(state, plots, lines, furniture, edits);

  const paint = () => {
    for (const [token, value] of Object.entries(state.colours)) root.style.setProperty(`--${token}`, value);
  };
  const draw = () => plots.still(() => { lines.draw(); furniture.draw(); edits.draw(); });
  const nextFrame = call => requestAnimationFrame(() => requestAnimationFrame(call));
  const put = (names, another = false) => plots.still(() => {
    watchRange();
    picture.put(names);
    if (another) gestures.letGo();
    if (names.includes("marks")) edits.take(another);
    if (["screen", "marks", "cursor", "colours", "x"].some(name => names.includes(name))) edits.draw();
  });

  // ---- the range: the browser has moved already; Python sends finer points. One question at a time, latest view wins.
  let range = null, number = 0, asked = 0, moved = false, queued = false, settle = null;
  const tellView = settled => {
    moved = false;
    number += 1;
    asked = performance.now();
    send({ op: "view", start: range.start, end: range.end, settled, number, placed: state.x?.[2] ?? 0, token: state.screen.token || "" });
  };
  const waiting = () => state.viewed < number && performance.now() - asked < 1000;
  // Bokeh's own bounds would clamp the start of another recording against the end of the last one.
  const keepInside = () => {
    const [first, last] = state.screen.limits || [range.start, range.end];
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
      const outdated = lines.outdated();
      if (outdated) lines.draw();
      traces.draw();
      const drawn = edits.drawMarks();
      // Bokeh asks for styles while it paints: words that were written before would make the page find all of them anew.
      requestAnimationFrame(() => plots.still(() => {
        if (outdated) furniture.drawGains();
        if (drawn) edits.words();
      }));
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
    if (plots.find() && plots.find().traces.frame.bbox.width > 10) { measure(); put(PICTURE.filter(name => name in state), true); nextFrame(draw); }
    else requestAnimationFrame(ready);
  };
  resized.observe(root);

  // ---- what Python says, by name; `state` holds the last of each.
  const heard = {
    cursor: () => { edits.cursor = state.cursor.station ? state.cursor : edits.cursor; },
    refined: () => edits.refined(state.refined),
    colours: () => paint(),
    reading: () => furniture.drawSkeleton(state.reading),
    armed: () => { const views = plots.find(); if (views) furniture.drawOutline(views); },
    viewed: () => { if (moved && !waiting()) tellView(false); },
    ahead: () => pages.hold(state.ahead),
    show: () => pages.opened(state.show),
    sure: () => { pages.answered = Math.max(pages.answered, state.sure); },
  };
  model.on("msg:custom", event => {
    const told = { ...(event.data ?? event) };
    // Told before Python heard that another recording is on the screen.
    if (told.turn < pages.turn) for (const name of [...PICTURE, "show", "ahead"]) delete told[name];
    else pages.turn = told.turn ?? pages.turn;
    const another = told.screen !== undefined && told.screen.token !== state.screen.token;
    Object.assign(state, told);
    for (const name of Object.keys(told)) heard[name]?.();
    put(Object.keys(told), another);
  });
  model.on("remove", () => { gestures.remove(); pages.remove(); resized.disconnect(); });
  send({ op: "ready" });
  send({ op: "armed", on: false });
  ready();
}
