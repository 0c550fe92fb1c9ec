// Picks as they stand in the browser: what Python says, and what the analyst has done since.

const ABOUT_ALL_RECORDINGS = ["filter", "components", "amplitude"];
const ABOUT_A_PICK = ["accept", "reject", "delete", "polarity", "onset", "weight", "uncertainty", "nudge"];
const REFINE_MS = 10000;

class Edits {
  constructor(state, plots, layer, furniture, pages, send) {
    Object.assign(this, { state, plots, layer, furniture, pages, send });
    this.marks = [];
    this.hand = "";
    this.cursor = null;
    this.seq = 0;
    this.made = 0;
    this.held = null;
    this.refining = null;
  }

  // Python's word replaces ours once it answers our last edit; an earlier answer would make the pick jump back.
  // Those of another recording hold in any case.
  take(another = false) {
    const { seq, items, in_hand } = this.state.marks;
    if (another) this.held = null;
    else if (seq < this.seq) return;
    this.hand = in_hand;
    this.marks = items.map(mark => ({ ...mark }));
    if (this.held) {
      const held = this.find(this.held.id);
      if (held) Object.assign(held, this.held);
      else this.marks.push(this.held);
    }
  }

  // The recording on the screen: Python may have opened another one since.
  get token() {
    return this.state.screen.token || "";
  }

  find(id) {
    return id ? this.marks.find(mark => mark.id === id) : undefined;
  }

  draw() {
    if (this.drawMarks()) this.words();
  }

  // The picks without their words; whether there is anything to draw them on.
  drawMarks() {
    const views = this.plots.find();
    if (!views || !this.state.colours.p) return false;
    const data = markColumns(this.marks, this.plots, this.hand, this.state.colours);
    views.source("marks").setv({ data }, { sync: false, check_eq: false });
    this.layer.draw();
    return true;
  }

  words() {
    this.furniture.drawReadout(this.find(this.hand), this.marks);
    this.furniture.drawHair(this.cursor);
  }

  take_in_hand(id) {
    if (this.hand === id) return;
    this.hand = id;
    this.draw();
    this.seq += 1;
    this.send({ op: "hand", id, seq: this.seq, token: this.token });
  }

  // The label that a pick has become, or a new one on top of it: a model's own pick stays where it was.
  label(mark) {
    if (mark.who === "human") return mark;
    const own = this.marks.find(other => other.who === "human" && other.pick === mark.id);
    if (own) return own;
    const made = { ...mark, id: this.newId(), who: "human", pick: mark.id, marker: "", picker: "", rejected: false };
    mark.rejected = false;
    this.marks.push(made);
    return made;
  }

  newId() {
    this.made += 1;
    return `new ${this.made}`;
  }

  tell(action, more = {}) {
    this.seq += 1;
    this.send({ op: "act", action, seq: this.seq, token: this.token, ...more });
  }

  // What is pressed after "refine" is about the cursor that Python has still to find: it waits for the answer.
  act(action, at = null) {
    if (this.refining && performance.now() - this.refining.asked < REFINE_MS) return this.refining.waiting.push([action, at, this.token]);
    this.refining = null;
    if (at) this.cursor = at;
    this.act_now(action);
    if (action === "refine") this.refining = { seq: this.seq, asked: performance.now(), waiting: [] };
  }

  refined(seq) {
    if (!this.refining || seq < this.refining.seq) return;
    const { waiting } = this.refining;
    this.refining = null;
    // A place on a recording that has been left is no place on this one.
    for (const [action, at, token] of waiting) if (!at || token === this.token) this.act(action, at);
  }

  // One action of the table: on the screen at once where the screen knows how, and in Python in any case.
  act_now(action) {
    const [name, value] = action.split(":");
    if (name === "recording") this.pages.turnTo(Number(value));
    if (ABOUT_ALL_RECORDINGS.includes(name)) this.pages.doubt();
    const cursor = this.cursor ? { time: this.cursor.time, station: this.cursor.station } : {};
    if (name === "phase" || name === "set" || name === "set_next") return this.place(action, name === "phase" ? value : this.state.phase, cursor);
    const mark = this.target(name);
    if (!mark || mark.who === "theory") return this.tell(action, ABOUT_A_PICK.includes(name) ? {} : cursor);
    if (name === "nudge") return this.move(this.label(mark), this.label(mark).time + Number(value) * this.state.screen.step_ms, mark.id, action);
    if (name === "delete" || name === "reject") return this.reject(action, mark);
    if (name === "accept") return this.change(action, mark, {});
    if (name === "why") return this.tell(action, { id: mark.id });
    if (name === "polarity") return this.change(action, mark, { polarity: value });
    if (name === "onset") return this.change(action, mark, { onset: value });
    if (name === "weight") return this.change(action, mark, { weight: Number(value) });
    if (name === "uncertainty" && value === "cursor" && this.cursor) {
      const offset = this.cursor.time - mark.time;
      return this.change(action, mark, offset < 0 ? { minus: -offset } : { plus: offset }, cursor);
    }
    if (name === "uncertainty") {
      const ms = { 1: 10, 2: 40, 3: 200, 4: 1000 }[value];
      return this.change(action, mark, { minus: ms, plus: ms });
    }
    this.tell(action, cursor);
  }

  // Accept, reject, delete and why are about the pick under the cursor, the rest about the pick in hand.
  target(name) {
    if (["accept", "reject", "delete", "why"].includes(name) && this.cursor) {
      const near = this.near(this.cursor.station, this.cursor.time, 8 * this.plots.msPerPx(), name === "accept" || name === "why");
      if (near) return near;
    }
    return ABOUT_A_PICK.includes(name) ? this.find(this.hand) : undefined;
  }

  near(station, time, within, models) {
    const weight = mark => (models ? mark.who !== "model" : 0) + (mark.id === this.hand ? -1 : 0) - ORDER[mark.who] / 10;
    return this.marks
      .filter(mark => mark.station === station && mark.who !== "theory" && Math.abs(mark.time - time) <= within)
      .sort((a, b) => weight(a) - weight(b) || Math.abs(a.time - time) - Math.abs(b.time - time))[0];
  }

  place(action, phase, cursor) {
    if (!this.cursor) return this.tell(action);
    const own = this.marks
      .filter(mark => mark.who === "human" && mark.station === cursor.station && mark.phase === phase && Math.abs(mark.time - cursor.time) <= 1000)
      .sort((a, b) => Math.abs(a.time - cursor.time) - Math.abs(b.time - cursor.time))[0];
    let id = own?.id;
    if (own) own.time = cursor.time;
    else {
      id = this.newId();
      this.marks.push({
        id, station: cursor.station, phase, time: cursor.time, who: "human", picker: "", marker: "", minus: null,
        plus: null, polarity: "", onset: "", weight: null, pick: "", rejected: false,
      });
    }
    this.hand = id;
    this.draw();
    this.tell(action, { ...cursor, as: own ? "" : id });
  }

  move(label, time, id, action = "move") {
    label.time = time;
    this.hand = label.id;
    this.draw();
    this.tell(action, { id, time, as: label.id !== id ? label.id : "" });
  }

  change(action, mark, changes, more = {}) {
    const label = this.label(mark);
    Object.assign(label, changes);
    this.hand = label.id;
    this.draw();
    this.tell(action, { id: mark.id, as: label.id !== mark.id ? label.id : "", ...more });
  }

  reject(action, mark) {
    if (mark.who === "human") {
      this.marks = this.marks.filter(other => other !== mark);
      const pick = this.find(mark.pick);
      if (pick) pick.rejected = true;
    } else {
      mark.rejected = true;
      this.marks = this.marks.filter(other => other.pick !== mark.id);
    }
    this.hand = "";
    this.draw();
    this.tell(action, { id: mark.id });
  }
}
