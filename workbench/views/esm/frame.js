// The page below the app bar: named places in a grid; which stands where is said by frame.css for each width.

const PLACES = ["recordings", "notices", "toolbar", "plot", "side", "pickers", "status", "overlays"]
const ALONE = ["notices", "toolbar", "plot", "status"]
const EXPLAIN = ["notices", "toolbar", "plot", "shares", "attention", "save", "belief", "what_if", "status", "overlays"]
const NETWORK = ["notices", "toolbar", "map_head", "map", "section_head", "plot", "moved", "station", "status", "overlays"]
const REVIEW = ["queue", "notices", "toolbar", "plot", "decide", "weights", "times", "status", "overlays"]
const OF_KIND = {explain: EXPLAIN, network: NETWORK, review: REVIEW}

// Bokeh writes the place of each part of a figure into its style sheet at every paint, and the browser then works out all
// styles anew. Nearly always it is the place where it was.
function keepStyles() {
  const sheets = window.Bokeh?.require?.("core/dom")?.InlineStyleSheet?.prototype
  if (!sheets?._update || sheets.keepsStyles) { return }
  const write = sheets._update
  sheets._update = function (css) { if (this.el.textContent !== css) { write.call(this, css) } }
  sheets.keepsStyles = true
}

export function render({model}) {
  keepStyles()
  const root = document.createElement("div")
  root.className = "wb-frame"
  root.classList.toggle("alone", model.alone)
  if (model.kind) { root.classList.add(model.kind) }
  for (const name of OF_KIND[model.kind] ?? (model.alone ? ALONE : PLACES)) {
    const place = document.createElement(name === "recordings" ? "nav" : name === "plot" ? "main" : "section")
    place.className = `place ${name}`
    place.setAttribute("aria-label", {
      recordings: "Recordings", notices: "Notices", toolbar: "Plot tools", plot: "Traces", side: "Picks, why, map and journal",
      pickers: "Pickers", status: "Status", overlays: "Dialogs", shares: "Where the weight lies", attention: "Attention",
      save: "Reading and saving", belief: "Can it be believed?", what_if: "What if",
      map_head: "Map tools", map: "Map", section_head: "Record section tools", moved: "Who moved the pick", station: "Station and checks",
      queue: "Queue", decide: "Decisions", weights: "What counts as doubt", times: "Travel times",
    }[name])
    const child = model.get_child(name)
    if (child) { place.append(child) }
    root.append(place)
  }
  if (model.kind === "explain") {
    const right = document.createElement("div")
    right.className = "right"
    right.append(root.querySelector(".belief"), root.querySelector(".what_if"))
    root.append(right)
  }
  const set = () => { root.dataset.list = model.list_open ? "open" : "shut"; root.dataset.dock = model.dock_open ? "open" : "shut" }
  set()
  model.on(["list_open", "dock_open"], set)
  if (model.kind === "review") {
    const turn = () => { root.dataset.front = model.front }
    turn()
    model.on("front", turn)
  }
  const note = address => {
    const own = root.getRootNode().host?.closest?.(".jp-Notebook") == null && document.querySelector(".jp-LabShell") == null
    if (address && own) { window.history.replaceState(window.history.state, "", `?${address}`) }
  }
  model.on("msg:custom", event => note((event.data ?? event).address))
  model.on("go", () => { if (model.go) { window.location.assign(model.go) } })
  // Nothing can be saved from here on: say so, and let nothing be done that looks as if it were.
  const lose = () => {
    if (root.querySelector(".lost")) { return }
    root.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true, composed: true})) // switches keys off
    for (const place of root.querySelectorAll(".place")) { place.inert = true }
    const notice = document.createElement("div")
    notice.className = "lost"
    notice.setAttribute("role", "alert")
    notice.innerHTML = "<span><b>The connection to the server is lost.</b> All that was called saved is on disk; nothing that is done on this page now would be. Once the server runs again, reload: the page opens where you are.</span><button>Reload</button>"
    notice.lastChild.addEventListener("click", () => window.location.reload())
    root.append(notice)
    notice.lastChild.focus()
  }
  for (const doc of window.Bokeh?.documents ?? []) { doc.on_event("connection_lost", lose) }
  root.querySelector(".plot").addEventListener("pointerdown", () => { if (model.list_open) { model.list_open = false } })
  model.send_msg({op: "ready"})
  return root
}
