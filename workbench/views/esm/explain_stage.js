// The figures of the Explain page, the words beside them, and what pointer and keys do on them.

const KEYS = {"[": "earlier", "]": "later", m: "method", M: "method_back", b: "brush", B: "brush", "?": "help", Escape: "escape", Home: "whole"}
const MUTE_LEAST_PX = 4

export function render({model}) {
  const root = document.createElement("div")
  root.className = "why-stage" // Panel names its own element after the component
  const part = (name, ...children) => { const div = document.createElement("div"); div.className = name; div.append(...children); return div }
  const legend = part("legend"), names = part("names"), odds = part("odds"), over = part("over"), empty = part("empty"), box = part("box")
  const traces = part("traces", model.get_child("traces"), names, box, empty)
  root.append(
    part("flags", model.get_child("flags"), legend), traces,
    part("probability", model.get_child("probability"), odds), part("overview", model.get_child("overview"), over),
  )
  const words = {legend, names, odds, over, empty}
  const write = told => {
    for (const [name, place] of Object.entries(words)) { place.innerHTML = told[name] ?? "" }
    empty.hidden = !told.empty
    root.classList.toggle("bare", Boolean(told.empty))
  }
  model.on("msg:custom", event => { const told = event.data ?? event; if (told.words) { write(told.words) } })
  const brush = () => { root.classList.toggle("brushing", model.brushing) }
  brush()
  model.on("brushing", brush)

  let found = null
  const find = () => {
    if (found && found.view.el.isConnected) { return found }
    found = null
    for (const doc of Bokeh.documents) {
      const figure = doc.get_model_by_name(`${model.stage}-traces`)
      const view = figure && Bokeh.index.find_one(figure)
      if (view?.frame) { found = {view, range: doc.get_model_by_name(`${model.stage}-x`)}; watch(); return found }
    }
    return null
  }
  // Where a pointer is: ms along the time axis, and rows down from the top of the traces.
  const at = event => {
    const {view, range} = find() ?? {}
    if (!view) { return null }
    const own = view.el.getBoundingClientRect(), {left, top, width, height} = view.frame.bbox, y = view.model.y_range
    const px = event.clientX - own.left - left, py = event.clientY - own.top - top
    return {
      x: range.start + px / width * (range.end - range.start), row: y.end + py / height * (y.start - y.end), inside: px >= 0 && px <= width,
      ms_per_px: (range.end - range.start) / width, frame: {left: own.left + left, top: own.top + top, width, height},
    }
  }

  // ---- the range: the browser moves at once; Python sends finer bars, and what was out of sight, once it rests.
  let settle = 0, watched = null
  const ranged = () => {
    clearTimeout(settle)
    settle = setTimeout(() => model.send_msg({op: "view", start: found.range.start, end: found.range.end}), 90)
  }
  const watch = () => {
    if (watched === found.range) { return }
    watched = found.range
    for (const side of ["start", "end"]) { watched.properties[side].change.connect(ranged) }
  }
  // Once something is drawn, and while nobody does anything, it is drawn a few times as it is: what the browser has
  // run before, it runs several times as fast, and the first click is as quick as the tenth.
  let rehearsals = 6
  const rehearse = sources => {
    if (!rehearsals || !root.isConnected) { return }
    rehearsals -= 1
    for (const source of sources) { source.change.emit() }
    setTimeout(() => (window.requestIdleCallback ?? setTimeout)(() => rehearse(sources)), 150)
  }
  const prepare = () => {
    const models = [...found.view.model.document.all_models], own = models.filter(one => one.name?.startsWith(`${model.stage}-`))
    const sources = own.filter(one => one.name.endsWith("-columns")), lines = sources.find(one => one.name.endsWith("-lines-columns"))
    const begin = () => {
      if (!lines.data.xs.length) { return }
      lines.properties.data.change.disconnect(begin)
      setTimeout(() => rehearse(sources), 400)
    }
    lines.properties.data.change.connect(begin)
    begin()
  }
  const used = new AbortController()
  const use = () => { rehearsals = 0; used.abort() }
  for (const name of ["pointerdown", "keydown", "wheel"]) { window.addEventListener(name, use, {capture: true, signal: used.signal}) }
  const ready = () => { if (!root.isConnected) { return } if (find()) { prepare() } else { requestAnimationFrame(ready) } }
  requestAnimationFrame(ready)

  // ---- pointer: a click asks about that time, a drag with the brush mutes what it covers
  let press = null
  const over_plots = event => event.composedPath().some(node => node.classList?.contains("bk-Figure")) && !event.composedPath().includes(root.querySelector(".overview"))
  const down = event => {
    if (event.button !== 0 || !over_plots(event)) { return }
    press = {...at(event), clientX: event.clientX, clientY: event.clientY, moved: false}
    if (press.x === undefined) { press = null; return }
    if (model.brushing) { event.stopPropagation(); event.preventDefault() }
  }
  const move = event => {
    if (!press) { return }
    press.moved ||= Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) > MUTE_LEAST_PX
    if (!model.brushing || !press.moved) { return }
    event.stopPropagation()
    const {frame} = press, own = traces.getBoundingClientRect(), clip = (value, low, size) => Math.min(Math.max(value, low), low + size)
    const xs = [press.clientX, clip(event.clientX, frame.left, frame.width)].sort((a, b) => a - b)
    const ys = [press.clientY, clip(event.clientY, frame.top, frame.height)].sort((a, b) => a - b)
    Object.assign(box.style, {display: "block", left: `${xs[0] - own.left}px`, width: `${xs[1] - xs[0]}px`, top: `${ys[0] - own.top}px`, height: `${ys[1] - ys[0]}px`})
  }
  const up = event => {
    const from = press
    press = null
    box.style.display = "none"
    if (!from) { return }
    const to = at(event)
    if (!to) { return }
    if (model.brushing) {
      event.stopPropagation()
      if (from.moved) { model.send_msg({op: "mute", start: Math.min(from.x, to.x), end: Math.max(from.x, to.x), top: Math.max(from.row, to.row), bottom: Math.min(from.row, to.row)}) }
    } else if (!from.moved && from.inside) {
      model.send_msg({op: "ask", x: from.x, reach_ms: 8 * from.ms_per_px})
    }
  }
  root.addEventListener("pointerdown", down, {capture: true})
  window.addEventListener("pointermove", move, {capture: true})
  window.addEventListener("pointerup", up, {capture: true})
  root.addEventListener("click", event => {
    const button = event.composedPath().find(node => node.dataset?.act)
    if (button) { model.send_msg({op: "act", act: button.dataset.act}) }
  })

  // ---- keys: on a page of its own always, in a notebook after a click in here; never while a field has the focus
  let armed = false
  const arm = event => { armed = event.composedPath().includes(root) }
  const key = event => {
    const first = event.composedPath()[0]
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key] || /^(INPUT|SELECT|TEXTAREA)$/.test(first.nodeName) || first.isContentEditable) { return }
    if (event.composedPath().some(node => node.nodeName === "DIALOG") || !(model.everywhere || armed) || root.offsetParent === null) { return }
    event.preventDefault()
    event.stopImmediatePropagation()
    model.send_msg({op: "key", action: KEYS[event.key]})
  }
  window.addEventListener("pointerdown", arm, {capture: true})
  window.addEventListener("keydown", key, {capture: true})
  model.on("remove", () => {
    used.abort()
    for (const [name, call] of [["pointermove", move], ["pointerup", up], ["pointerdown", arm], ["keydown", key]]) { window.removeEventListener(name, call, {capture: true}) }
  })
  model.send_msg({op: "ready"})
  return root
}
