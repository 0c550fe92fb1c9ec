// A canvas of our own over the frame of the traces, painted in the next frame, together with what Bokeh paints in it.

class Layer {
  constructor(root, plots, state, name) {
    Object.assign(this, { plots, state });
    this.canvas = h("canvas", { class: name });
    this.asked = 0;
    root.append(this.canvas);
  }

  draw() {
    this.asked ||= requestAnimationFrame(() => { this.asked = 0; this.paint(); });
  }

  paint() {
    const views = this.plots.find();
    if (!views) return;
    const frame = this.plots.frame(views.traces), ratio = window.devicePixelRatio || 1;
    this.paintOn(this.empty(frame, ratio), views, frame, ratio);
  }

  // An empty canvas over the frame, in pixels of the page. What it has already is not written again: the page would be
  // laid out anew for that.
  empty({ left, top, width, height }, ratio) {
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)], place = [left, top, width, height].join();
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h });
    if (this.place !== place) Object.assign(this.canvas.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    this.place = place;
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }
}
