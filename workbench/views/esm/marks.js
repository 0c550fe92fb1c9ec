// Picks as columns of the source that their layer draws. Hue = phase, line = who says so, marker = which picker.

const DASH = { human: [], catalog: [], model: [5, 3], theory: [1.5, 3.5] };
const WIDTH = { human: 2, catalog: 1.2, model: 1.5, theory: 1.5 };
const ORDER = { theory: 0, catalog: 1, model: 2, human: 3 };
const ARROW = { positive: "\u2191", negative: "\u2193", undecidable: "\u2195", "": "" };
const ONSET = { impulsive: "i", emergent: "e", questionable: "?", "": "" };
const HEADER = 26;
const BARE_GRIP_PX = 9;
const CROWD_PX = 12, TICK_PX = 9;

function phaseColour(phase, colours) {
  const family = phase[0];
  return family === "P" ? colours.p : family === "S" ? colours.s : colours.other;
}

// Where a pick's line runs, in the rows of its own station.
function span(mark, row, short) {
  const top = !row.focus ? row.top + 3 : mark.who === "human" || mark.who === "catalog" ? row.top + 4 : row.top + HEADER;
  return [top, short ? top + TICK_PX : row.bottom - (row.focus ? 1 : 3)];
}

// Stations with more picks in sight than lines could stand beside each other: their lines would hide the waveform.
function crowded(drawn, plots) {
  const { range, traces } = plots.find(), counts = new Map();
  for (const { mark, row } of drawn) {
    const x = mark.time - row.zero;
    if (mark.who !== "human" && x >= range.start && x <= range.end) counts.set(mark.station, (counts.get(mark.station) ?? 0) + 1);
  }
  const most = traces.frame.bbox.width / CROWD_PX;
  return new Set([...counts].filter(([, n]) => n > most).map(([station]) => station));
}

function flagWords(mark) {
  return [mark.phase, ARROW[mark.polarity] ?? "", ONSET[mark.onset] ?? "", mark.by ?? ""].filter(Boolean).join(" ");
}

function widths(mark, msPerPx) {
  const bare = BARE_GRIP_PX * msPerPx;
  return { minus: mark.minus ?? bare, plus: mark.plus ?? bare, given: mark.minus != null || mark.plus != null };
}

function markColumns(marks, plots, hand, colours) {
  const columns = {};
  const names = Object.keys(plots.find().source("marks").data);
  for (const name of names) columns[name] = [];
  const msPerPx = plots.msPerPx();
  const drawn = marks
    .map(mark => ({ mark, row: plots.row(mark.station) }))
    .filter(({ row }) => row)
    .sort((a, b) => (a.mark.id === hand) - (b.mark.id === hand) || ORDER[a.mark.who] - ORDER[b.mark.who]);
  const crowds = crowded(drawn, plots);
  for (const { mark, row } of drawn) {
    const inHand = mark.id === hand, short = mark.who !== "human" && !inHand && crowds.has(mark.station);
    const values = markValues(mark, row, inHand, short, msPerPx, colours);
    for (const name of names) columns[name].push(values[name]);
  }
  return columns;
}

function markValues(mark, row, inHand, short, msPerPx, colours) {
  const x = mark.time - row.zero, [y0, y1] = span(mark, row, short);
  const { minus, plus, given } = widths(mark, msPerPx);
  const human = mark.who === "human", catalog = mark.who === "catalog", faint = mark.rejected;
  const others = catalog || (human && mark.mine === false);
  const grips = inHand && row.focus && mark.who !== "theory" && !faint;
  const banded = !faint && (human || grips) && mark.who !== "theory" && (given || grips);
  const flagged = row.focus && (human || catalog) && !faint;
  const marked = mark.marker && !(catalog && row.focus);
  return {
    id: mark.id, x, y0, y1,
    colour: phaseColour(mark.phase, colours),
    alpha: faint ? 0.25 : 1,
    dash: DASH[mark.who],
    width: inHand && human ? 2.4 : inHand ? 2 : WIDTH[mark.who],
    left: banded ? x - minus : x, right: banded ? x + plus : x,
    band_alpha: !banded || !given ? 0 : inHand ? 0.17 : 0.15,
    edge_alpha: banded && given && inHand ? 0.6 : 0,
    marker: mark.marker || "circle",
    marker_y: row.focus ? row.top + HEADER - 2 : row.top + 5,
    marker_size: marked ? 8 : 0,
    marker_fill: catalog ? colours.plot : phaseColour(mark.phase, colours),
    flag: flagged ? flagWords(mark) : "",
    // Two hands on one onset: the analyst's flag hangs to the left of its line, the catalogue's to the right; of several
    // analysts the earlier one's to the left. One's own flag is filled.
    flag_x: x, flag_align: mark.side || (catalog ? "left" : flagWords(mark).length > 2 ? "right" : "center"), flag_y: row.top + HEADER / 2,
    flag_fill: others ? colours.focus_band : phaseColour(mark.phase, colours),
    flag_colour: others ? phaseColour(mark.phase, colours) : colours.plot,
    grip_y: (row.top + HEADER + row.bottom) / 2,
    grip_alpha: grips ? 1 : 0,
  };
}

// Differences of each picker to the pick in hand, in ms: nearest pick of that phase on that station.
function differences(mark, marks, pickers) {
  return pickers.map(picker => {
    const near = marks
      .filter(m => m.who === "model" && m.picker === picker.key && m.station === mark.station && m.phase === mark.phase)
      .map(m => m.time - mark.time)
      .sort((a, b) => Math.abs(a) - Math.abs(b))[0];
    return { ...picker, ms: near !== undefined && Math.abs(near) < 10000 ? near : null };
  });
}
