// Picks on a canvas of their own above the traces, drawn from the columns of their source: an edit paints a few lines
// and words, and no trace. Glyphs of Bokeh would take longer than everything else that an edit does.

const FLAG_FONT = 'bold 11px Roboto, "Segoe UI", "Helvetica Neue", Arial, sans-serif', FLAG_PX = 17, FLAG_PADDING_PX = 5, ROUND_PX = 4;
const GRIP_WIDTH_PX = 6, GRIP_HEIGHT_PX = 18;

class PickLayer extends Layer {
  paintOn(context, views, frame) {
    const marks = rowsOf(views.source("marks").data), scale = frame.height / views.traces.model.y_range.start;
    const place = { x: x => this.plots.toPx(x, frame) - frame.left, y: y => y * scale, width: frame.width, plot: this.state.colours.plot };
    for (const part of [drawBand, drawLine, drawMarker, drawGrips, drawFlag]) for (const mark of marks) {
      context.save();
      part(context, mark, place);
      context.restore();
    }
  }
}

function rowsOf(data) {
  const names = Object.keys(data);
  return Array.from(data.id ?? [], (_, i) => Object.fromEntries(names.map(name => [name, data[name][i]])));
}

function drawBand(context, mark, { x, y }) {
  const box = [x(mark.left), y(mark.y0), x(mark.right) - x(mark.left), y(mark.y1) - y(mark.y0)];
  context.fillStyle = context.strokeStyle = mark.colour;
  context.globalAlpha = mark.band_alpha;
  if (mark.band_alpha) context.fillRect(...box);
  context.globalAlpha = mark.edge_alpha;
  if (mark.edge_alpha) context.strokeRect(...box);
}

function drawLine(context, mark, { x, y }) {
  context.globalAlpha = mark.alpha;
  context.strokeStyle = mark.colour;
  context.lineWidth = mark.width;
  context.setLineDash(mark.dash);
  context.beginPath();
  context.moveTo(x(mark.x), y(mark.y0));
  context.lineTo(x(mark.x), y(mark.y1));
  context.stroke();
}

// Corners of the markers that pickers have, for a size of 2; a circle has none.
const CORNERS = {
  inverted_triangle: [[0, 1], [1, -0.75], [-1, -0.75]],
  triangle: [[0, -1], [1, 0.75], [-1, 0.75]],
  diamond: [[0, -1], [0.7, 0], [0, 1], [-0.7, 0]],
  square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  plus: [[-0.3, -1], [0.3, -1], [0.3, -0.3], [1, -0.3], [1, 0.3], [0.3, 0.3], [0.3, 1], [-0.3, 1], [-0.3, 0.3], [-1, 0.3], [-1, -0.3], [-0.3, -0.3]],
};

function drawMarker(context, mark, { x, y }) {
  if (!mark.marker_size) return;
  const half = mark.marker_size / 2, px = x(mark.x), py = y(mark.marker_y);
  context.globalAlpha = mark.alpha;
  context.fillStyle = mark.marker_fill;
  context.strokeStyle = mark.colour;
  context.beginPath();
  if (CORNERS[mark.marker]) for (const [cx, cy] of CORNERS[mark.marker]) context.lineTo(px + cx * half, py + cy * half);
  else context.arc(px, py, half, 0, 2 * Math.PI);
  context.closePath();
  context.fill();
  context.stroke();
}

function drawGrips(context, mark, { x, y, plot }) {
  if (!mark.grip_alpha) return;
  context.fillStyle = plot;
  context.strokeStyle = mark.colour;
  context.lineWidth = 1.4;
  for (const side of [mark.left, mark.right]) {
    context.beginPath();
    context.roundRect(x(side) - GRIP_WIDTH_PX / 2, y(mark.grip_y) - GRIP_HEIGHT_PX / 2, GRIP_WIDTH_PX, GRIP_HEIGHT_PX, 3);
    context.fill();
    context.stroke();
  }
}

function drawFlag(context, mark, { x, y, width: across }) {
  if (!mark.flag) return;
  context.font = FLAG_FONT;
  context.textBaseline = "middle";
  const width = context.measureText(mark.flag).width + 2 * FLAG_PADDING_PX;
  const at = x(mark.flag_x), beside = at - { left: 0, center: width / 2, right: width }[mark.flag_align];
  // Of an onset near the edge the flag is still read as a whole.
  const left = at < 0 || at > across ? beside : Math.min(Math.max(beside, 1), across - width - 1);
  context.fillStyle = mark.flag_fill;
  context.strokeStyle = mark.colour;
  context.beginPath();
  context.roundRect(left, y(mark.flag_y) - FLAG_PX / 2, width, FLAG_PX, ROUND_PX);
  context.fill();
  context.stroke();
  context.fillStyle = mark.flag_colour;
  context.fillText(mark.flag, left + FLAG_PADDING_PX, y(mark.flag_y) + 0.5);
}
