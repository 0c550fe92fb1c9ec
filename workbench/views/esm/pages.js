// The next and the previous recording, drawn ahead by Python: turning to one shows it at once, and Python follows.

const IDLE_MS = 80, NEIGHBOURS = 2;

class Pages {
  constructor(root, send, show, prepare) {
    Object.assign(this, { root, send, show, prepare });
    this.held = new Map();
    this.page = "";
    this.turn = 0;
    this.asked = 0;
    this.answered = 0;
    this.timer = null;
    this.invited = false;
    this.clicked = event => this.click(event);
    for (const name of ["click", "change"]) window.addEventListener(name, this.clicked, { capture: true });
  }

  remove() {
    for (const name of ["click", "change"]) window.removeEventListener(name, this.clicked, { capture: true });
    clearTimeout(this.timer);
  }

  // One more picture that Python has drawn ahead; none if there is something new to ask for; null if those that it drew
  // hold no more.
  hold(ahead) {
    if (ahead === null) this.held.clear();
    else if (ahead.picture) {
      this.held.set(ahead.by, ahead);
      this.prepare(ahead.picture);
    } else this.invited = true;
    this.whenIdle();
  }

  whenIdle() {
    clearTimeout(this.timer);
    if (!this.invited && this.held.size >= NEIGHBOURS) return;
    this.timer = setTimeout(() => { this.invited = false; this.send({ op: "idle" }); }, IDLE_MS);
  }

  // Show the neighbour in that direction if it is held; what lets Python follow is for the caller to send.
  turnTo(by) {
    const found = this.held.get(by);
    if (!found || this.answered < this.asked) return;
    this.open(found);
    this.turn += 1;
    this.send({ op: "turned", turn: this.turn });
    setTimeout(() => this.send({ op: "check", page: this.page }));
  }

  // Python has opened a recording whose picture should be here.
  opened(page) {
    if (page === this.page) return;
    const found = [...this.held.values()].find(ahead => ahead.page === page);
    if (found) this.open(found);
    else this.send({ op: "again" });
  }

  open({ page, picture }) {
    this.held.clear();
    this.page = page;
    this.show(picture);
    this.whenIdle();
  }

  // Something may change how recordings look, and Python has not said so yet: nothing is shown that could be out of date.
  doubt() {
    const number = this.asked += 1;
    setTimeout(() => this.send({ op: "sure", number }));
  }

  click(event) {
    const path = event.composedPath();
    if (path.includes(this.root)) return;
    const button = event.type === "click" && path.find(node => node.dataset?.turn);
    if (button) this.turnTo(Number(button.dataset.turn));
    else this.doubt();
  }
}
