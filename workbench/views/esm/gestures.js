// Pointer and keys. Listeners stand on the window and in capture, before Bokeh's tools and before JupyterLab's keys.

const PICK_PX = 8, GRIP_X_PX = 6, GRIP_Y_PX = 12, CLICK_PX = 4;

class Gestures {
  constructor(state, root, plots, edits, furniture, send) {
    Object.assign(this, { state, root, plots, edits, furniture, send });
    this.down = null;
    this.drag = null;
    this.pointer = null;
    this.listeners = [
      ["pointerdown", e => this.pointerDown(e)], ["pointermove", e => this.pointerMove(e)],
      ["pointerup", e => this.pointerUp(e)], ["dblclick", e => this.doubleClick(e)],
      ["keydown", e => this.key(e)], ["wheel", e => this.wheel(e)],
    ];
    for (const [name, call] of this.listeners) window.addEventListener(name, call, { capture: true, passive: false });
  }

  // Another recording is on the screen: what the hand held of the last one is let go, and the cursor is where the
  // pointer is on this one, or nowhere.
  letGo() {
    this.drag = this.down = null;
    this.edits.cursor = null;
    if (this.pointer) this.pointAt(this.plots.at(...this.pointer));
  }

  remove() {
    for (const [name, call] of this.listeners) window.removeEventListener(name, call, { capture: true });
  }

  stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // ---- pointer

  hit(point) {
    const row = point.row, msPerPx = this.plots.msPerPx();
    if (!row || !point.inside) return null;
    const hand = this.edits.find(this.edits.hand);
    if (hand && row.focus && hand.station === row.station && hand.who !== "theory" && !hand.rejected) {
      const middle = (row.top + HEADER + row.bottom) / 2, { minus, plus } = widths(hand, msPerPx), x = hand.time - row.zero;
      const near = at => Math.abs(at - point.x) <= GRIP_X_PX * msPerPx && Math.abs(point.y - middle) <= GRIP_Y_PX;
      if (near(x - minus)) return { mark: hand, part: "minus" };
      if (near(x + plus)) return { mark: hand, part: "plus" };
    }
    const mark = this.edits.near(row.station, point.x + row.zero, PICK_PX * msPerPx, false);
    return mark ? { mark, part: "line" } : null;
  }

  pointerDown(event) {
    const inStage = event.composedPath().includes(this.root);
    if (!inStage) { if (this.state.armed) this.arm(false); return; }
    if (event.button !== 0) return;
    const point = this.plots.point(event);
    if (!point) return;
    if (!event.composedPath().some(node => node.classList && (node.classList.contains("pill") || node.classList.contains("lower")))) this.arm(true);
    if (event.detail <= 1 || !this.down) this.first = point.row?.station;
    this.down = { px: event.clientX, py: event.clientY, point };
    const hit = this.hit(point);
    if (!hit) return;
    this.stop(event);
    this.drag = { ...hit, id: hit.mark.id, moved: false };
  }

  pointerMove(event) {
    const point = this.plots.point(event);
    if (this.drag) return this.dragTo(event, point);
    this.pointer = point && [event.clientX, event.clientY];
    if (point) this.pointAt(point);
  }

  pointAt(point) {
    if (!point.inside || !point.row) return;
    this.edits.cursor = { time: point.x + point.row.zero, station: point.row.station };
    this.furniture.drawHair(this.edits.cursor);
    const hit = this.hit(point);
    this.root.classList.toggle("over-pick", hit !== null);
  }

  dragTo(event, point) {
    this.stop(event);
    if (!point) return;
    const drag = this.drag;
    if (!drag.moved && Math.abs(event.clientX - this.down.px) < 3) return;
    if (!drag.moved) {
      drag.moved = true;
      drag.label = this.edits.label(drag.mark);
      this.edits.hand = drag.label.id;
      this.edits.held = drag.label;
    }
    const row = this.plots.row(drag.label.station);
    if (!row) return;
    const time = point.x + row.zero;
    if (drag.part === "line") drag.label.time = time;
    else {
      const { minus, plus } = widths(drag.label, this.plots.msPerPx());
      drag.label.minus = drag.part === "minus" ? Math.max(0, drag.label.time - time) : minus;
      drag.label.plus = drag.part === "plus" ? Math.max(0, time - drag.label.time) : plus;
    }
    this.edits.draw();
  }

  pointerUp(event) {
    const { drag, down } = this;
    this.drag = this.down = null;
    if (drag) {
      this.stop(event);
      this.edits.held = null;
      if (!drag.moved) return this.edits.take_in_hand(drag.id);
      const { label } = drag, as = label.id !== drag.id ? label.id : "";
      if (drag.part === "line") this.edits.move(label, label.time, drag.id);
      else this.edits.tell(`width:${label.minus},${label.plus}`, { id: drag.id, as });
      return;
    }
    if (!down || Math.hypot(event.clientX - down.px, event.clientY - down.py) > CLICK_PX) return;
    const row = down.point.row;
    if (row && !row.focus && (down.point.inside || down.point.names)) this.send({ op: "focus", station: row.station, token: this.edits.token });
  }

  doubleClick(event) {
    const point = this.plots.point(event);
    if (!point || !point.inside) return;
    this.stop(event);
    // The first click may have opened another station and moved the rows: the second is about the same one.
    const row = this.plots.row(this.first) || point.row;
    if (!row || this.hit(point)) return;
    this.edits.act(event.shiftKey ? "phase:S" : "phase:P", { time: point.x + row.zero, station: row.station });
  }

  wheel(event) {
    const point = this.plots.point(event);
    if (!point) return;
    const by = Math.sign(event.deltaY || event.deltaX);
    if (point.names) {
      this.stop(event);
      if (this.state.screen.scroll) this.send({ op: "scroll", by });
    } else if (point.inside && event.ctrlKey) {
      this.stop(event);
      this.send({ op: "amplitude", steps: -by });
    } else if (point.inside && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      this.stop(event);
      const range = this.plots.find().range, shift = ((range.end - range.start) / 10) * by;
      range.setv({ start: range.start + shift, end: range.end + shift });
    }
  }

  // ---- keys

  arm(on) {
    if (on && document.activeElement && document.activeElement !== document.body && !this.root.contains(document.activeElement)) document.activeElement.blur();
    if (this.state.armed !== on) {
      this.state.armed = on;
      this.send({ op: "armed", on });
    }
    const views = this.plots.find();
    if (views) this.furniture.drawOutline(views);
  }

  // A key as the action table writes it.
  combination(event) {
    if (["Control", "Shift", "Alt", "Meta"].includes(event.key)) return null;
    const ctrl = event.ctrlKey || event.metaKey;
    if (["?", "[", "]", "+"].includes(event.key)) return event.key;
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
    const key = digit ? digit[1] : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    return `${ctrl ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey ? "Shift+" : ""}${key}`;
  }

  typing(event) {
    let node = event.composedPath()[0];
    if (!(node instanceof Element)) node = document.activeElement;
    return node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) || node.closest?.(".pill, .lower"));
  }

  key(event) {
    if (this.typing(event)) return;
    if (!this.state.armed) {
      // From the keyboard alone: Tab to the plot, Enter arms it.
      if (event.key === "Enter" && event.composedPath()[0] === this.root) { this.stop(event); this.arm(true); }
      return;
    }
    // Arrows that are pressed in a table walk in it.
    if (/^Arrow/.test(event.key) && event.composedPath().some(node => node.classList?.contains("wb-rows"))) return;
    const combination = this.combination(event), action = combination && this.state.keymap[combination];
    if (!action || !this.plots.find()) return;
    this.stop(event);
    if (action === "disarm") return this.arm(false);
    this.edits.act(action);
  }
}
