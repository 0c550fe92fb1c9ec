// The traces, on a canvas of their own. A glyph of Bokeh indexes and copies every point at each change, and a browser
// takes longest over lines that run to and fro within a pixel: of those, each column of pixels gets one upright line.

const TRACE_PX = { focus: 1, others: 0.8 };

class TraceLayer extends Layer {
  paintOn(context, views, frame, ratio) {
    const { start, end } = views.range, { width } = this.canvas;
    const scale = { start, across: width / (end - start), down: (frame.height / views.traces.model.y_range.start) * ratio };
    const colours = { focus: this.state.colours.trace_focus, others: this.state.colours.trace };
    // In pixels of the screen, whose columns are filled.
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.lineJoin = "bevel";
    for (const name of ["others", "focus"]) {
      const { xs, ys } = views.source(name).data, thick = TRACE_PX[name] * ratio;
      context.strokeStyle = colours[name];
      xs.forEach((x, i) => {
        const crowded = x.length - 1 > (x[x.length - 1] - x[0]) * scale.across;
        context.lineWidth = crowded ? 1 : thick;
        context.beginPath();
        if (crowded) uprights(context, x, ys[i], scale, width, thick / 2);
        else line(context, x, ys[i], scale, width);
        context.stroke();
      });
    }
  }
}

// A line through points; a gap breaks it, and what lies off the canvas is left out.
function line(context, x, y, { start, across, down }, width) {
  let joined = false;
  for (let i = 0; i < x.length; i++) {
    const px = (x[i] - start) * across, py = y[i] * down;
    const seen = py === py && !((x[i + 1] - start) * across < 0);
    if (seen && joined) context.lineTo(px, py);
    else if (seen) context.moveTo(px, py);
    joined = seen;
    if (px > width) return;
  }
}

// The same line as what it covers of each column of pixels: from its lowest to its highest place in there.
function uprights(context, x, y, { start, across, down }, width, half) {
  let column = 0, low = Infinity, high = -Infinity, px = 0, py = NaN;
  for (let i = 0; i <= x.length; i++) {
    const lastX = px, lastY = py;
    px = (x[i] - start) * across;
    py = y[i] * down;
    if (py !== py || lastY !== lastY) {
      // A gap, or the end: what has been covered stands for itself.
      upright(context, column, low - half, high + half);
      low = high = py;
      column = Math.floor(px);
      continue;
    }
    const here = Math.floor(px), slope = (py - lastY) / (px - lastX);
    for (; column < here; column++) {
      // It leaves one column for the next where it crosses the edge between them.
      const edge = lastY + (column + 1 - lastX) * slope;
      upright(context, column, (low < edge ? low : edge) - half, (high > edge ? high : edge) + half);
      low = high = edge;
    }
    if (py < low) low = py;
    if (py > high) high = py;
    if (here > width) return;
  }
}

function upright(context, column, low, high) {
  if (!(column >= 0 && low <= high)) return;
  context.moveTo(column + 0.5, low);
  context.lineTo(column + 0.5, high);
}
