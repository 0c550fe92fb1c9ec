// Keys of the Review page: never while a field has the focus or a dialog is open, nor where the plot has done what the key says.

const KEYS = {a: "keep", m: "use_model", x: "reject", Tab: "skip", f: "flag", z: "undo", "[": "before", "]": "after", "?": "help"}
const FIELD = /^(INPUT|SELECT|TEXTAREA)$/

export function render({model}) {
  const root = document.createElement("div")
  const key = event => {
    const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    const first = event.composedPath()[0]
    const modified = event.altKey || event.metaKey || event.shiftKey && event.key === "Tab" || event.ctrlKey && name !== "undo"
    if (event.defaultPrevented || modified || !name || FIELD.test(first.nodeName) || first.isContentEditable) { return }
    if (event.composedPath().some(node => node.nodeName === "DIALOG") || !root.isConnected) { return }
    event.preventDefault()
    model.send_msg({key: name})
  }
  window.addEventListener("keydown", key)
  model.on("remove", () => window.removeEventListener("keydown", key))
  return root
}
