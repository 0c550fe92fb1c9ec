// Tabs whose panels are made once and then shown or hidden; arrows move between the titles.

const NAMES = {picks: "Picks", why: "Why", times: "Times", map: "Map", journal: "Journal"}

export function render({model}) {
  const root = document.createElement("div")
  root.className = "wb-tabs"
  const list = document.createElement("div")
  list.setAttribute("role", "tablist")
  list.setAttribute("aria-label", "Tables")
  root.append(list)
  const buttons = {}, panels = {}
  for (const [name, words] of Object.entries(NAMES)) {
    const button = buttons[name] = document.createElement("button")
    button.setAttribute("role", "tab")
    button.id = `tab-${name}`
    button.setAttribute("aria-controls", `panel-${name}`)
    button.innerHTML = `${words} <span class="count"></span>`
    button.addEventListener("click", () => { model.active = name })
    button.addEventListener("keydown", event => {
      const names = Object.keys(NAMES), by = {ArrowRight: 1, ArrowLeft: -1}[event.key]
      if (by) { const next = names[(names.indexOf(name) + by + names.length) % names.length]; model.active = next; buttons[next].focus() }
    })
    list.append(button)
    const panel = panels[name] = document.createElement("div")
    panel.setAttribute("role", "tabpanel")
    panel.id = `panel-${name}`
    panel.setAttribute("aria-labelledby", `tab-${name}`)
    panel.append(model.get_child(name))
    root.append(panel)
  }
  const draw = () => {
    for (const name of Object.keys(NAMES)) {
      const active = name === model.active
      buttons[name].setAttribute("aria-selected", active)
      buttons[name].tabIndex = active ? 0 : -1
      panels[name].hidden = !active
    }
  }
  const count = () => { for (const [name, n] of Object.entries(model.counts)) { buttons[name].querySelector(".count").textContent = n || "" } }
  draw()
  count()
  model.on("active", draw)
  model.on("counts", count)
  return root
}
