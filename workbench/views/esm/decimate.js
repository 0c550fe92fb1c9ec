// Evenly spaced values of a trace as the few points that a screen can show.

// Places of the least and the greatest of each of n / 2 equal parts of values[from..to], in the order in which they
// come. A part with a gap is a gap, however short it is. Few values are all taken.
function extremes(values, from, to, n) {
  const count = to - from;
  if (count <= 1.5 * n) return Int32Array.from({ length: Math.max(0, count) }, (_, i) => from + i);
  const parts = n >> 1, chosen = new Int32Array(2 * parts);
  for (let part = 0, i = from; part < parts; part++) {
    const end = from + Math.floor(((part + 1) * count) / parts);
    let low = i, high = i, gap = -1, least = values[i], greatest = values[i];
    for (; i < end; i++) {
      const value = values[i];
      if (value < least) { least = value; low = i; }
      else if (value > greatest) { greatest = value; high = i; }
      else if (value !== value) gap = i;
    }
    if (gap >= 0) low = high = gap;
    chosen[2 * part] = Math.min(low, high);
    chosen[2 * part + 1] = Math.max(low, high);
  }
  return chosen;
}

// Points of one trace from `low` to `high` on its axis, about n of them: places x and values y.
function pointsOf(series, values, low, high, n) {
  const clip = i => Math.min(Math.max(i, 0), series.n);
  const from = clip(Math.floor((low - series.first) / series.step) - 1), to = clip(Math.ceil((high - series.first) / series.step) + 2);
  // Bokeh's own arrays cannot be sliced: theirs would begin at the first value again.
  const own = new Float32Array(values.buffer, values.byteOffset + 4 * series.start, series.n), chosen = extremes(own, from, to, n);
  const x = new Float64Array(chosen.length), y = new Float32Array(chosen.length);
  for (let i = 0; i < chosen.length; i++) {
    x[i] = series.first + chosen[i] * series.step;
    y[i] = own[chosen[i]];
  }
  return { x, y };
}

// What is seen of a trace from start to end: `middle` goes on the zero line, `middle` ± `half` near the row's edges.
// `half` is 0 for a flat or empty trace.
function gainOf({ x, y }, start, end) {
  // Loops: a call for each value would take most of the time of a zoom.
  const all = new Float32Array(y.length);
  let n = 0;
  for (let i = 0; i < y.length; i++) if (y[i] === y[i] && x[i] >= start && x[i] < end) all[n++] = y[i];
  if (!n) return { middle: 0, half: 0 };
  const seen = all.subarray(0, n).sort(), at = n >> 1, middle = n % 2 ? seen[at] : (seen[at - 1] + seen[at]) / 2;
  return { middle, half: Math.max(seen[n - 1] - middle, middle - seen[0]) };
}

// Values as pixels from the top of the plot; what exceeds its row by far is cut off.
function deflections(y, band, gain, half, loudness) {
  const scale = half > 0 ? (band.half * FILLS * loudness) / half : 0, limit = band.half * CLIPPED_AT;
  const drawn = new Float32Array(y.length);
  for (let i = 0; i < y.length; i++) drawn[i] = band.middle - Math.min(limit, Math.max(-limit, (y[i] - gain.middle) * scale));
  return drawn;
}

const FILLS = 0.88, CLIPPED_AT = 1.2;
