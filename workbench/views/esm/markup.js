// HTML made on the server, kept in place: only what differs is changed, so that focus, scroll and a drag survive.

const KEPT = new Set(["value", "checked", "open"])
const NEARER = "[role=dialog], [role=menu], [role=listbox]"

function same(old, next) {
  return old.nodeType === next.nodeType && old.nodeName === next.nodeName &&
    (old.nodeType !== 1 || old.getAttribute("data-key") === next.getAttribute("data-key"))
}

function sync_attributes(old, next) {
  const busy = old.dataset && old.dataset.busy
  for (const {name} of Array.from(old.attributes)) {
    if (!next.hasAttribute(name) && name !== "open" && name !== "data-busy" && name !== "data-seen") { old.removeAttribute(name) }
  }
  for (const {name, value} of Array.from(next.attributes)) {
    if (old.getAttribute(name) !== value) { old.setAttribute(name, value) }
  }
  if (busy) { return } // the user's hand is on it
  if (old.nodeName === "INPUT" || old.nodeName === "SELECT" || old.nodeName === "TEXTAREA") {
    for (const name of KEPT) {
      if (name in old && name !== "open" && old[name] !== next[name]) { old[name] = next[name] }
    }
  }
}

export function morph(old, next) {
  let at = old.firstChild
  for (const wanted of Array.from(next.childNodes)) {
    let found = at
    while (found && !same(found, wanted)) { found = found.nextSibling }
    if (found) {
      while (at !== found) { const gone = at; at = at.nextSibling; gone.remove() }
      at = found.nextSibling
      if (found.nodeType !== 1) {
        if (found.data !== wanted.data) { found.data = wanted.data }
      } else if (!found.isEqualNode(wanted) || found.nodeName === "SELECT" || found.querySelector?.("input,select,textarea")) {
        morph(found, wanted)
        sync_attributes(found, wanted)
      }
    } else {
      old.insertBefore(wanted, at)
    }
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove() }
}

function has_dialog(within) {
  return Array.from(within.querySelectorAll("*")).some(node => node.matches("dialog[open]") || (node.shadowRoot && has_dialog(node.shadowRoot)))
}

function message(target, event) {
  const {act, ...rest} = target.dataset
  delete rest.busy
  const value = target.type === "checkbox" ? target.checked : target.value
  return {act, kind: event.type, value: value ?? null, ...rest}
}

export function render({model, el}) {
  const root = document.createElement("div")
  root.className = `wb-markup ${model.kind}`
  const update = () => {
    const template = document.createElement("template")
    template.innerHTML = model.html
    morph(root, template.content)
    for (const dialog of root.querySelectorAll("dialog")) {
      if (dialog.open) { continue }
      dialog.addEventListener("close", () => model.send_msg({act: "closed"}), {once: true})
      dialog.addEventListener("pointerdown", event => { if (event.target === dialog) { dialog.close() } })
      dialog.showModal()
    }
    const kept = root.querySelector("[data-remember]")
    if (kept && kept.dataset.remember !== root.dataset.remembered) {
      root.dataset.remembered = kept.dataset.remember
      if (kept.dataset.remember) { document.cookie = `workbench_analyst=${kept.dataset.remember}; path=/; max-age=31536000; SameSite=Strict` }
    }
    const far = root.querySelector("[data-scroll]")
    if (far && !far.dataset.seen) { far.dataset.seen = "1"; far.scrollIntoView({block: "start"}) }
    const wanted = root.querySelector("[data-focus]")
    if (wanted && wanted.dataset.focus !== root.dataset.focused) {
      root.dataset.focused = wanted.dataset.focus
      wanted.focus()
    }
  }
  update()
  model.on("html", update)

  const find = event => event.composedPath().find(node => node.dataset && node.dataset.act && root.contains(node))
  const is_field = node => /^(INPUT|SELECT|TEXTAREA)$/.test(node.nodeName)
  root.addEventListener("click", event => {
    const copy = event.composedPath().find(node => node.dataset && node.dataset.copy)
    if (copy) { navigator.clipboard?.writeText(copy.dataset.copy); copy.textContent = "Copied"; return }
    const target = find(event)
    if (target && !is_field(target)) { model.send_msg(message(target, event)) }
  })
  // A link to another app leads to what is open here: the page's address names it, and is read when it is needed.
  const carry = event => {
    const link = event.composedPath().find(node => node.dataset && node.dataset.carry !== undefined)
    if (link) { link.search = window.location.search }
  }
  for (const name of ["pointerover", "focusin"]) { root.addEventListener(name, carry) }
  // A key that is held down is a change each time: what the server says of the first must not push the slider back.
  const resting = new WeakMap()
  const rest = slider => {
    clearTimeout(resting.get(slider))
    slider.dataset.busy = "1"
    resting.set(slider, setTimeout(() => {
      delete slider.dataset.busy
      if (slider.hasAttribute("value")) { slider.value = slider.getAttribute("value") }
    }, 600))
  }
  // A list that was opened by the mouse gives the keyboard back once something was chosen.
  let by_mouse = false
  root.addEventListener("pointerdown", () => { by_mouse = true })
  root.addEventListener("keydown", () => { by_mouse = false })
  let waiting = 0
  root.addEventListener("change", event => {
    const target = find(event)
    clearTimeout(waiting)
    if (!target) { return }
    if (target.type === "range" && target.dataset.live !== undefined) { rest(target) } else { delete target.dataset.busy }
    model.send_msg(message(target, event))
    if (target.nodeName === "SELECT" && by_mouse) { target.blur() }
  })
  root.addEventListener("input", event => {
    const target = find(event)
    if (!target || target.dataset.live === undefined) { return }
    target.dataset.busy = "1"
    // A drag gives an event a frame at most; typing waits until the fingers rest.
    clearTimeout(waiting)
    const wait_ms = Number(target.dataset.live) || 0
    waiting = setTimeout(() => model.send_msg(message(target, event)), wait_ms)
  })
  // Escape is for what is nearest: a dialog, a field, a menu, the armed plot; where none of them takes it, for this.
  const escape = event => {
    const target = event.key === "Escape" && !event.defaultPrevented && root.querySelector("[data-escape]")
    if (!target || has_dialog(document)) { return }
    const taken = node => node instanceof Element && (is_field(node) || node.isContentEditable || node.matches(NEARER))
    if (!event.composedPath().some(taken)) { target.click() }
  }
  window.addEventListener("keydown", escape)
  model.on("remove", () => window.removeEventListener("keydown", escape))
  root.addEventListener("focusout", event => { if (event.target.dataset) { delete event.target.dataset.busy } })
  root.addEventListener("keydown", event => {
    const target = find(event)
    if (event.key === "Enter" && target && target.nodeName === "INPUT" && target.type !== "range") { target.blur() }
    if (event.key === "Enter" && target && target.getAttribute("role") === "row") { model.send_msg(message(target, event)) }
    if (event.key === "Escape" && target && target.type === "search") { target.value = ""; model.send_msg(message(target, event)) }
    if (target && target.getAttribute("role") === "tab" && /^Arrow(Left|Right)$/.test(event.key)) {
      const tabs = Array.from(root.querySelectorAll("[role=tab]"))
      const next = tabs[(tabs.indexOf(target) + (event.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length]
      next.focus(); next.click()
    }
  })
  return root
}
