// mostSamples is how many samples a chart shows: three minutes of one a second.
const mostSamples = 180, chartWidth = 120, chartHeight = 28;

// Ring keeps the newest samples.
class Ring {
  samples = new Float64Array(mostSamples);
  length = 0;
  next = 0;

  push(n) {
    this.samples[this.next] = Number.isFinite(n) ? n : 0;
    this.next = (this.next + 1) % mostSamples;
    this.length = Math.min(this.length + 1, mostSamples);
  }

  at(i) { // the oldest is 0
    return this.samples[(this.next - this.length + i + mostSamples) % mostSamples];
  }

  last() { return this.length ? this.at(this.length - 1) : 0; }

  highest() {
    let high = 0;
    for (let i = 0; i < this.length; i++) high = Math.max(high, this.at(i));
    return high;
  }
}

// Series is what is drawn of an instance.
class Series {
  cpu = new Ring();
  memory = new Ring();
  marks = new Ring(); // 1 where another process has begun
}

// chart draws a ring in a cell: a line over an area that ends at the right edge, a mark where
// another process has begun, and the value in words.
function chart(cell, words, label, ring, { marks, least = 0 } = {}) {
  let svg = cell.querySelector("svg");
  if (!svg) {
    svg = $("chart").content.firstElementChild.cloneNode(true);
    cell.append(svg, make("span", { className: "value" }));
  }
  write(cell.lastElementChild, words(ring.last()));
  svg.setAttribute("aria-label", `${label}: now ${words(ring.last())}, highest ${words(ring.highest())}`);
  const [area, line, mark] = svg.children, top = Math.max(least, ring.highest() * 1.1) || 1;
  const x = i => (chartWidth - (ring.length - 1 - i) * chartWidth / (mostSamples - 1)).toFixed(1);
  let path = "", marked = "";
  for (let i = 0; i < ring.length; i++) {
    path += `${i ? "L" : "M"}${x(i)} ${(chartHeight - 1 - ring.at(i) / top * (chartHeight - 2)).toFixed(1)}`;
    if (marks?.length === ring.length && marks.at(i)) marked += `M${x(i)} 0V${chartHeight}`;
  }
  line.setAttribute("d", path);
  area.setAttribute("d", path && `${path}L${chartWidth} ${chartHeight}L${x(0)} ${chartHeight}Z`);
  mark.setAttribute("d", marked);
}

// sum returns a ring of the sums of rings, the newest with the newest.
function sum(rings) {
  const all = new Ring(), length = Math.max(0, ...rings.map(ring => ring.length));
  for (let back = length; back > 0; back--) all.push(rings.reduce((n, ring) => n + (back <= ring.length ? ring.at(ring.length - back) : 0), 0));
  return all;
}
