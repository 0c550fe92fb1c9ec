// A file that came as a message is handed to the browser like one behind a link.

export function render({model}) {
  model.on("msg:custom", event => {
    const data = event.data ?? event
    const bytes = Uint8Array.from(atob(data.content), letter => letter.charCodeAt(0))
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob([bytes]))
    link.download = data.name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10000)
  })
  return document.createElement("span")
}
