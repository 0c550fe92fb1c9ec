// The stage: figures, text around them, picks on them.

export function render({ model, el }) {
  const root = h("div", { class: "stage", tabindex: "0", role: "application", "aria-label": "Seismograms. Press Enter to switch keys on, Escape to switch them off." });
  root.append(h("div", { class: "plots" }, model.get_child("plots")));
  el.append(root);
  const send = message => model.send_msg(message);
  const plots = new Plots(model, root);
  const furniture = new Furniture(model, root, plots, send);
  const edits = new Edits(model, plots, furniture, send);
  const gestures = new Gestures(model, root, plots, edits, furniture, send);

  const paint = () => {
    for (const [token, value] of Object.entries(model.colours)) root.style.setProperty(`--${token}`, value);
  };
  const draw = () => { furniture.draw(); edits.draw(); };
  const nextFrame = call => requestAnimationFrame(() => requestAnimationFrame(call));

  // ---- the range: the browser has moved already; Python sends finer points and keeps the view.
  let waiting = null, settle = null, range = null;
  const tellView = settled => {
    send({ op: "view", start: range.start, end: range.end, settled, token: model.screen.token || "" });
  };
  const ranged = () => {
    edits.draw();
    if (waiting === null) waiting = setTimeout(() => { waiting = null; tellView(false); }, 12);
    clearTimeout(settle);
    settle = setTimeout(() => tellView(true), 220);
  };
  const watchRange = () => {
    const views = plots.find();
    if (!views || views.range === range) return;
    range = views.range;
    for (const side of ["start", "end"]) range.properties[side].change.connect(ranged);
  };

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
  const resized = new ResizeObserver(() => nextFrame(measure));
  resized.observe(root);

  model.on("screen", () => { watchRange(); furniture.draw(); edits.draw(); nextFrame(draw); });
  model.on("marks", () => edits.take());
  model.on("in_hand", () => { edits.hand = model.in_hand; edits.draw(); });
  model.on("cursor", () => { edits.cursor = model.cursor; furniture.drawHair(edits.cursor); });
  model.on("colours", () => { paint(); draw(); });
  model.on("reading", () => furniture.drawSkeleton(model.reading));
  model.on("armed", () => { const views = plots.find(); if (views) furniture.drawOutline(views); });
  model.on("remove", () => { gestures.remove(); resized.disconnect(); });
  paint();
  edits.hand = model.in_hand;
  ready();
}
