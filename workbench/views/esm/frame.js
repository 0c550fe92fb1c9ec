// The page below the app bar: named places in a grid; which stands where is said by frame.css for each width.

const PLACES = ["recordings", "notices", "toolbar", "plot", "side", "pickers", "status", "overlays"]
const ALONE = ["notices", "toolbar", "plot", "status"]

export function render({model}) {
  const root = document.createElement("div")
  root.className = "wb-frame"
  root.classList.toggle("alone", model.alone)
  for (const name of model.alone ? ALONE : PLACES) {
    const place = document.createElement(name === "recordings" ? "nav" : name === "plot" ? "main" : "section")
    place.className = `place ${name}`
    place.setAttribute("aria-label", {
      recordings: "Recordings", notices: "Notices", toolbar: "Plot tools", plot: "Traces", side: "Picks, map and journal",
      pickers: "Pickers", status: "Status", overlays: "Dialogs",
    }[name])
    place.append(model.get_child(name))
    root.append(place)
  }
  const set = () => { root.dataset.list = model.list_open ? "open" : "shut"; root.dataset.dock = model.dock_open ? "open" : "shut" }
  set()
  model.on(["list_open", "dock_open"], set)
  const note = () => {
    const own = root.getRootNode().host?.closest?.(".jp-Notebook") == null && document.querySelector(".jp-LabShell") == null
    if (model.address && own) { window.history.replaceState(window.history.state, "", `?${model.address}`) }
  }
  note()
  model.on("address", note)
  // Nothing can be saved from here on: say so, and let nothing be done that looks as if it were.
  const lose = () => {
    if (root.querySelector(".lost")) { return }
    root.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true, composed: true})) // switches keys off
    for (const place of root.querySelectorAll(":scope > .place")) { place.inert = true }
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
  return root
}
