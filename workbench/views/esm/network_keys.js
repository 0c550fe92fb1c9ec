// Keys of the Network page: never while a field has the focus, or a dialog is open.

const KEYS = {
  ArrowUp: "up", ArrowDown: "down", "[": "earlier", "]": "later", p: "P", P: "P", s: "S", S: "S", e: "edges", n: "nodes", o: "order",
  r: "reduce", c: "component", Home: "home", Escape: "escape", "?": "help",
}
const FIELD = /^(INPUT|SELECT|TEXTAREA)$/

export function render({model}) {
  const root = document.createElement("div")
  const key = event => {
    const first = event.composedPath()[0]
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key] || FIELD.test(first.nodeName) || first.isContentEditable) { return }
    if (event.composedPath().some(node => node.nodeName === "DIALOG") || !root.isConnected) { return }
    if (event.key !== "Escape") { event.preventDefault() }
    model.send_msg({key: KEYS[event.key]})
  }
  window.addEventListener("keydown", key)
  model.on("remove", () => window.removeEventListener("keydown", key))
  return root
}
