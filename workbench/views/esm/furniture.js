// Everything around the figures that is text: legend, station names, gains, read-out, thresholds, messages.

const SIGN = { inverted_triangle: "\u25BC", diamond: "\u25C6", square: "\u25A0", triangle: "\u25B2", circle: "\u25CF", plus: "\u271A" };

class Furniture {
  constructor(state, root, plots, lines, send) {
    Object.assign(this, { state, root, plots, lines, send });
    this.under = h("div", { class: "under" }, h("div", { class: "open", hidden: "" }));
    this.legend = h("div", { class: "legend" });
    this.names = h("div", { class: "names" });
    this.readout = h("div", { class: "readout", "aria-live": "polite" });
    this.hair = h("div", { class: "hair" });
    this.pills = h("div", { class: "pills" });
    this.notes = h("div", { class: "notes" });
    this.skeleton = h("div", { class: "skeleton", hidden: "" });
    this.outline = h("div", { class: "outline" });
    root.prepend(this.under);
    root.append(this.legend, this.names, this.readout, this.hair, this.pills, this.notes, this.skeleton, this.outline);
    this.dragging = null;
  }

  draw() {
    const screen = this.state.screen, views = this.plots.find();
    if (!views || !screen.rows) return;
    // Measured before anything is written: each of them would lay out the page anew after that.
    for (const view of [views.traces, views.probability, views.overview]) this.plots.frame(view);
    this.drawLegend(screen);
    this.drawNames(screen, this.plots.frame(views.traces), views);
    this.drawNotes(screen, views);
    this.drawPills(screen, views);
    this.drawOutline(views);
  }

  drawLegend(screen) {
    const line = (kind, words) => h("span", { class: "key" }, h("i", { class: `line ${kind}` }), words);
    const keys = [line("human", "you"), line("model", "model")];
    if (screen.theory) keys.push(line("theory", "theory"));
    if (screen.catalogue) keys.push(h("span", { class: "key" }, h("i", { class: "line catalog" }), "catalogue"));
    const pickers = (screen.pickers || []).map(p => h("span", { class: "key" }, h("b", {}, SIGN[p.marker]), p.title));
    const km = (screen.rows || []).some(row => row.km) ? "km" : "";
    this.legend.replaceChildren(
      h("span", { class: "head" }, "Station"), h("span", { class: "head km" }, km), ...keys, ...pickers,
      h("span", { class: "count" }, screen.count || ""),
    );
  }

  drawNames(screen, frame, views) {
    const scale = frame.height / views.traces.model.y_range.start;
    const children = [];
    for (const row of screen.rows) {
      const top = frame.top + row.top * scale, height = (row.bottom - row.top) * scale;
      const name = h("button", {
        class: row.focus ? "name open" : "name", title: row.station, "data-station": row.station, tabindex: "-1",
        style: { top: `${top}px`, height: `${row.focus ? HEADER : height}px` },
      }, h("span", { class: "code" }, row.name), h("span", { class: "km" }, row.km));
      children.push(name);
      for (const band of row.bands) children.push(...this.bandWords(row, band, frame, scale));
    }
    const focus = screen.rows.find(row => row.focus);
    if (focus) {
      const style = { top: `${frame.top + focus.top * scale}px`, height: `${(focus.bottom - focus.top) * scale}px` };
      children.unshift(h("div", { class: "edges", style }), h("div", { class: "band", style }));
      Object.assign(this.under.firstChild.style, style, { left: `${frame.left}px`, width: `${frame.width}px` });
    }
    this.under.firstChild.hidden = !focus;
    this.names.replaceChildren(...children);
  }

  bandWords(row, band, frame, scale) {
    const y = frame.top + band.middle * scale;
    const words = [];
    if (row.focus) {
      words.push(h("span", { class: "gain", "data-station": row.station, "data-component": band.component, style: { top: `${y}px` } }, this.gain(row.station, band.component)));
      words.push(h("span", { class: "component", style: { top: `${y}px` } }, band.component));
    }
    if (band.state) words.push(h("span", { class: "dead", style: { top: `${y}px`, left: `${frame.left + 6}px` } }, band.state));
    return words;
  }

  gain(station, component) {
    return gainWords(this.lines.half(station, component));
  }

  // The traces were drawn at another scale.
  drawGains() {
    for (const words of this.names.querySelectorAll(".gain")) words.textContent = this.gain(words.dataset.station, words.dataset.component);
  }

  drawNotes(screen, views) {
    const children = [], curve = screen.curve;
    const probability = this.plots.frame(views.probability), overview = this.plots.frame(views.overview);
    if (screen.rows.length) {
      children.push(
        h("div", { class: "title", style: { top: `${probability.top + 2}px` } }, h("b", curve.words ? { title: curve.words } : {}, curve.name, h("small", {}, curve.formula)), h("span", { title: screen.focus_station }, screen.focus_name)),
        h("div", { class: "tick", style: { top: `${this.level(1, views)}px` } }, "1"),
        h("div", { class: "tick", style: { top: `${this.level(0.5, views)}px` } }, "0.5"),
        h("div", { class: "tick", style: { top: `${this.level(0, views)}px` } }, "0"),
        h("div", { class: "date", style: { top: `${probability.bottom + 5}px` } }, screen.date),
        h("div", { class: "title small", style: { top: `${overview.top + 1}px` } }, h("span", {}, "Overview"), h("span", {}, screen.duration)),
      );
      if (screen.spectrogram) {
        const traces = this.plots.frame(views.traces);
        children.push(h("div", { class: "title small", style: { top: `${traces.bottom + 4}px` } }, h("span", {}, "Spectrogram"), h("span", {}, `to ${Number(screen.spectrogram.toPrecision(3))} Hz`), h("span", {}, "dB")));
      }
    }
    if (screen.nothing) children.push(h("div", { class: "empty middle" }, h("span", {}, "No recording is open. Choose one from the list, or open another source above it.")));
    if (screen.empty) children.push(this.emptyBox(screen.empty, probability));
    const open = screen.absent ? (screen.rows || []).find(row => row.focus) : null;
    if (open) children.push(h("div", { class: "empty middle absent", role: "status", style: { top: `${this.middleOf(open, screen, views)}px` } }, h("span", {}, screen.absent)));
    this.notes.replaceChildren(...children);
  }

  middleOf(row, screen, views) {
    const frame = this.plots.frame(views.traces);
    return frame.top + ((row.top + row.bottom) / 2) * (frame.height / screen.height);
  }

  emptyBox(empty, frame) {
    const box = h("div", { class: "empty", style: { top: `${frame.top + frame.height / 2}px`, left: `${frame.left + frame.width / 2}px` } }, h("span", {}, empty.text));
    if (empty.button) {
      const button = h("button", { class: "lower" }, empty.button);
      button.addEventListener("click", () => this.send({ op: "threshold", key: empty.key, phase: empty.phase, value: empty.value }));
      box.append(button);
    }
    return box;
  }

  level(probability, views) {
    const frame = this.plots.frame(views.probability), range = views.probability.model.y_range;
    return frame.top + ((range.end - probability) / (range.end - range.start)) * frame.height;
  }

  drawPills(screen, views) {
    if (this.dragging) return;
    // Of a recording that was closed, or could not be opened, no threshold stays behind.
    if (!screen.rows.length) return this.pills.replaceChildren();
    const frame = this.plots.frame(views.probability);
    let right = 2, last = null;
    const sorted = [...screen.pills].sort((a, b) => b.value - a.value);
    const children = [];
    for (const pill of sorted) {
      const y = this.level(pill.ratio ? pill.value / (1 + pill.value) : pill.value, views);
      right = last !== null && y - last < 17 ? right + 54 : 2;
      last = y;
      children.push(...this.pill(pill, y, frame, right));
    }
    this.pills.replaceChildren(...children);
  }

  pill(pill, y, frame, right) {
    const colour = phaseColour(pill.phase, this.state.colours);
    const line = h("div", { class: "threshold", style: { top: `${y}px`, left: `${frame.left}px`, width: `${frame.width}px`, color: colour } });
    const words = value => `${pill.phase} ${value.toFixed(2)}`;
    const left = frame.right - right - 52;
    const button = h("div", {
      class: "pill", role: "slider", tabindex: "0", "aria-label": `Threshold of ${pill.phase}`, "aria-valuenow": pill.value,
      style: { top: `${y}px`, left: `${left}px`, color: colour },
    }, h("span", {}, words(pill.value)));
    const place = value => {
      const views = this.plots.find(), at = this.level(pill.ratio ? value / (1 + value) : value, views);
      line.style.top = button.style.top = `${at}px`;
      button.firstChild.textContent = words(value);
    };
    const tell = value => { pill.value = value; place(value); this.send({ op: "threshold", key: pill.key, phase: pill.phase, value }); };
    button.addEventListener("pointerdown", event => this.dragPill(event, button, pill, place, tell));
    button.addEventListener("keydown", event => {
      const by = { ArrowUp: 0.01, ArrowDown: -0.01 }[event.key];
      if (!by) return;
      event.preventDefault(); event.stopPropagation();
      tell(Math.max(0.01, pill.value + by * (pill.ratio ? 10 : 1)));
    });
    return [line, button];
  }

  dragPill(event, button, pill, place, tell) {
    event.preventDefault();
    button.setPointerCapture(event.pointerId);
    this.dragging = pill;
    let value = pill.value, told = pill.value, timer = null;
    const move = e => {
      const views = this.plots.find(), frame = this.plots.frame(views.probability), range = views.probability.model.y_range;
      const y = e.clientY - this.root.getBoundingClientRect().top;
      const p = Math.min(0.99, Math.max(0.01, range.end - ((y - frame.top) / frame.height) * (range.end - range.start)));
      value = pill.ratio ? Math.round((p / (1 - p)) * 10) / 10 : Math.round(p * 100) / 100;
      place(value);
      if (timer === null) timer = setTimeout(() => { timer = null; if (value !== told) { told = value; tell(value); } }, 40);
    };
    const up = () => {
      button.removeEventListener("pointermove", move);
      clearTimeout(timer);
      this.dragging = null;
      if (value !== told) tell(value);
      this.draw();
    };
    button.addEventListener("pointermove", move);
    button.addEventListener("pointerup", up, { once: true });
    button.addEventListener("pointercancel", up, { once: true });
  }

  // The pick in hand in words, in the header of its station, beside its flag and never on the trace.
  drawReadout(mark, marks) {
    const views = this.plots.find(), row = mark && this.plots.row(mark.station);
    if (!views || !row || !row.focus) { this.readout.hidden = true; return; }
    const frame = this.plots.frame(views.traces), scale = frame.height / views.traces.model.y_range.start;
    const sides = mark.minus != null || mark.plus != null
      ? `${MINUS}${Math.round(mark.minus ?? 0)} / +${Math.round(mark.plus ?? 0)} ms` : "";
    const told = differences(mark, marks, mark.who === "human" || mark.who === "catalog" ? this.state.screen.pickers || [] : [])
      .filter(d => d.ms !== null)
      .map(d => h("span", { class: Math.abs(d.ms) >= 100 ? "difference far" : "difference" },
        h("i", { style: { color: phaseColour(mark.phase, this.state.colours) } }, SIGN[d.marker]), signed(d.ms)));
    const who = mark.who === "human" ? "" : mark.who === "catalog" ? "catalogue" : (this.state.screen.pickers || []).find(p => p.key === mark.picker)?.title || "";
    this.readout.replaceChildren(
      h("b", {}, clockWords(mark.time)), h("span", { class: "sides" }, sides), h("span", { class: "sides" }, who),
      ...told, told.length ? h("span", { class: "sides" }, "ms") : "",
    );
    this.readout.hidden = false;
    const px = this.plots.toPx(mark.time - row.zero, frame), width = this.readout.offsetWidth;
    const right = px + 42 + width < frame.right;
    const left = right ? px + 42 : Math.max(frame.left, px - 60 - width);
    Object.assign(this.readout.style, { top: `${frame.top + row.top * scale + 1}px`, left: `${Math.min(left, frame.right - width)}px` });
  }

  drawHair(cursor) {
    const views = this.plots.find(), row = cursor && views && this.plots.row(cursor.station);
    if (!row) { this.hair.hidden = true; return; }
    const frame = this.plots.frame(views.traces), scale = frame.height / views.traces.model.y_range.start;
    const px = this.plots.toPx(cursor.time - row.zero, frame);
    this.hair.hidden = px < frame.left || px > frame.right;
    const top = row.focus ? row.top + HEADER : row.top;
    Object.assign(this.hair.style, { left: `${px}px`, top: `${frame.top + top * scale}px`, height: `${(row.bottom - top) * scale}px` });
  }

  drawOutline(views) {
    const overview = this.plots.frame(views.overview);
    this.outline.style.height = `${overview.top - 2}px`;
    this.outline.classList.toggle("on", this.state.armed);
  }

  drawSkeleton(on) {
    clearTimeout(this.skeletonTimer);
    if (!on) { this.skeleton.hidden = true; return; }
    // A recording that comes within 150 ms comes without a flicker.
    this.skeletonTimer = setTimeout(() => {
      const views = this.plots.find();
      if (!views || !this.state.reading) return;
      const frame = this.plots.frame(views.traces);
      Object.assign(this.skeleton.style, { top: `${frame.top}px`, left: `${frame.left}px`, width: `${frame.width}px`, height: `${frame.height}px` });
      this.skeleton.replaceChildren(...Array.from({ length: Math.max(1, Math.floor(frame.height / 40)) }, () => h("div", {})));
      this.skeleton.hidden = false;
    }, 150);
  }
}
