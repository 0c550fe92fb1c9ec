// A table of any number of rows: only those on the screen are in the page; the server sends a slice when asked.

const TALLEST_PX = 30_000_000 // browsers end near 33.5 million

export function render({model}) {
  const root = document.createElement("div")
  root.className = `wb-rows ${model.kind}`
  root.innerHTML = `<div class="head" role="row"></div><div class="port" role="grid" tabindex="0"><div class="space"><div class="window"></div></div></div><div class="nothing"></div>`
  const [head, port, nothing] = root.children
  const space = port.firstChild
  const sheet = space.firstChild
  port.setAttribute("aria-label", model.label)
  let asked = ""

  const view = () => {
    const height = model.row_height, all = model.total * height, port_px = port.clientHeight
    const tall = Math.min(all, TALLEST_PX)
    const scale = tall > port_px ? (all - port_px) / (tall - port_px) : 1
    const top = port.scrollTop * scale
    return {height, all, tall, scale, top, port_px}
  }
  const template = () => model.columns.map(column => column.width).join(" ")

  const draw_head = () => {
    head.style.gridTemplateColumns = template()
    head.style.display = model.columns.some(column => column.label) ? "grid" : "none"
    head.innerHTML = ""
    for (const column of model.columns) {
      const cell = document.createElement("div")
      cell.setAttribute("role", "columnheader")
      cell.className = column.align || ""
      cell.innerHTML = column.label
      if (column.title) { cell.title = column.title }
      head.append(cell)
    }
  }

  const draw = () => {
    const {height, tall, top} = view()
    space.style.height = `${tall}px`
    port.setAttribute("aria-rowcount", model.total)
    nothing.innerHTML = model.total === 0 ? model.nothing : ""
    nothing.style.display = model.total === 0 ? "" : "none"
    port.style.display = model.total === 0 ? "none" : ""
    const columns = template()
    const parts = model.rows.map((row, i) => {
      const index = model.first + i
      const selected = index === model.selected
      const kind = `${row.kind || ""}${selected ? " selected" : ""}`
      if (row.heading) { return `<div class="heading" role="row" style="height:${height}px"><div role="gridcell">${row.heading}</div></div>` }
      const cells = row.cells.map((cell, c) => `<div role="gridcell" class="${model.columns[c]?.align || ""}">${cell}</div>`).join("")
      const title = row.title ? ` title="${row.title}"` : ""
      return `<div class="row ${kind}" role="row" id="row${index}" data-row="${index}" aria-rowindex="${index + 1}" aria-selected="${selected}"${title} style="height:${height}px;grid-template-columns:${columns}">${cells}</div>`
    })
    sheet.innerHTML = parts.join("")
    if (model.selected >= 0) { port.setAttribute("aria-activedescendant", `row${model.selected}`) }
    place()
  }
  const place = () => {
    const {height, top} = view()
    sheet.style.transform = `translateY(${model.first * height - top + port.scrollTop}px)`
  }
  const ask = () => {
    const {height, top, port_px} = view()
    const first = Math.max(0, Math.floor(top / height)), count = Math.ceil(port_px / height) + 1
    const last = Math.min(model.total, first + count)
    if (port_px === 0 || (first >= model.first && last <= model.first + model.rows.length)) { return }
    const from = Math.max(0, first - 30)
    const key = `${from}/${model.total}/${model.version}`
    if (key === asked) { return }
    asked = key
    model.send_msg({act: "need", first: from, count: count + 60})
  }
  const show = () => {
    const sought = model.selected >= 0 ? model.selected : model.anchor
    if (sought < 0) { return }
    const {height, scale, top, port_px} = view()
    const at = sought * height
    if (at < top || at + height > top + port_px) {
      // On whole rows: half a row under the head reads as a mistake.
      port.scrollTop = Math.max(0, Math.floor((at - port_px / 2 + height) / height) * height / scale)
    }
  }

  port.addEventListener("scroll", () => { place(); requestAnimationFrame(ask) })
  const said = event => {
    const path = event.composedPath()
    const act = path.find(node => node.dataset && node.dataset.act)
    const row = path.find(node => node.dataset && node.dataset.row !== undefined)
    const index = row ? Number(row.dataset.row) : -1
    const which = {row: index, id: model.rows[index - model.first]?.id ?? ""}
    return act ? {...act.dataset, ...which} : row ? {act: "choose", ...which} : null
  }
  // Rows may be drawn anew between press and release, and the browser then reports no click.
  let pressed = null
  root.addEventListener("pointerdown", event => {
    pressed = event.button === 0 ? {x: event.clientX, y: event.clientY, told: said(event)} : null
  })
  root.addEventListener("pointercancel", () => { pressed = null })
  root.addEventListener("pointerup", event => {
    const was = pressed
    pressed = null
    if (was && was.told && Math.hypot(event.clientX - was.x, event.clientY - was.y) < 5) { model.send_msg(was.told) }
  })
  root.addEventListener("click", event => {
    const told = event.detail === 0 ? said(event) : null // by key
    if (told) { model.send_msg(told) }
  })
  port.addEventListener("keydown", event => {
    const by = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (by !== undefined) { event.preventDefault(); model.send_msg({act: "step", by}) }
    if (event.key === "Enter" && model.selected >= 0) { model.send_msg({act: "choose", row: model.selected, id: ""}) }
  })
  draw_head()
  draw()
  model.on("columns", () => { draw_head(); draw() })
  model.on(["rows", "first", "total", "version", "nothing"], () => { draw(); ask() })
  model.on(["selected", "anchor"], () => { draw(); show(); ask() })
  new ResizeObserver(() => { draw(); show(); ask() }).observe(port)
  return root
}
