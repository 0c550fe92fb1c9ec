// Keys of the Review page: never while a field has the focus or a dialog is open, nor where the plot has done what the key says.

const TAKES = Object.fromEntries("123456789".split("").map(digit => [digit, `take:${digit}`]))
const KEYS = {...TAKES, "0": "none", b: "between", o: "own", n: "finish", ",": "earlier", ".": "later", a: "keep", m: "use_model", x: "reject", Tab: "skip", f: "flag", z: "undo", "[": "before", "]": "after", "?": "help", Enter: "arm"}

// A slider or a switch that was touched by the mouse keeps the focus, and takes no letters.
const types = node => /^(SELECT|TEXTAREA)$/.test(node.nodeName) || node.isContentEditable ||
  node.nodeName === "INPUT" && !/^(range|checkbox|radio)$/.test(node.type)
// Whoever has come to a control by Shift+Tab goes on to the next one by Tab, and presses it by Enter.
const CONTROL = "button, a, summary, input, select, [role=tab]"
const walks = node => node instanceof Element && node.matches(CONTROL) && node.matches(":focus-visible")

export function render({model}) {
  const root = document.createElement("div")
  const key = event => {
    const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    const first = event.composedPath()[0]
    const modified = event.altKey || event.metaKey || event.shiftKey && event.key === "Tab" || event.ctrlKey && name !== "undo"
    if (event.defaultPrevented || modified || !name || types(first)) { return }
    if ((name === "skip" || name === "arm") && walks(first)) { return }
    if (event.composedPath().some(node => node.nodeName === "DIALOG") || !root.isConnected) { return }
    event.preventDefault()
    // In a list arrows would go on walking.
    if (name === "arm") { first.blur?.() }
    model.send_msg({key: name})
  }
  window.addEventListener("keydown", key)
  model.on("remove", () => window.removeEventListener("keydown", key))
  return root
}
