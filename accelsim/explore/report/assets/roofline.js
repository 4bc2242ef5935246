// Layers of a run under the roof of its machine: operations a byte and a second.

function drawRoofline(result) {
  const box = byId("roofline");
  const [width, height] = [box.clientWidth, box.clientHeight];
  const bandwidth = result.bandwidth_bytes_per_s[result.outermost_memory] ?? null;
  const peaks = Object.entries(result.peak_operations_per_s);
  const whole = result.layers.reduce((sum, {cycles}) => sum + cycles, 0) || 1;
  const layers = result.layers
    .filter(({operations, dram_bytes, cycles}) => operations > 0 && dram_bytes > 0 && cycles > 0)
    .map((layer) => ({...layer, x: layer.operations / layer.dram_bytes, y: (layer.operations / layer.cycles) * result.clock_hz, share: layer.cycles / whole}));
  const ridges = bandwidth ? peaks.map(([, peak]) => peak / bandwidth) : [];
  byId("roofline-note").textContent = rooflineNote(result, layers, bandwidth);
  const plot = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Roofline; the table of layers holds the same figures"});
  box.replaceChildren(plot);
  if (!layers.length && !ridges.length) return;
  const frame = {left: 70, right: width - 10, top: 10, bottom: height - 36};
  const xs = [...layers.map(({x}) => x), ...ridges];
  const ys = [...layers.map(({y}) => y), ...peaks.map(([, peak]) => peak)];
  const x = makeScale([Math.min(...xs) / 4, Math.max(...xs) * 4], true, frame.left, frame.right);
  const y = makeScale([Math.min(...ys) / 4, Math.max(...ys) * 2.5], true, frame.bottom, frame.top);
  plot.append(...gridLines(x, y, frame, width, height), ...roofLines(peaks, bandwidth, x, y, frame));
  const colours = limitColours(layers);
  byId("limits").replaceChildren(...[...colours].map(([name, colour]) => make("li", {}, make("span", {className: "swatch", style: `background:${colour}`}), `limited by ${name}`)));
  for (const layer of [...layers].sort((a, b) => b.share - a.share)) {
    const text = `${layer.name || result.workload}: ${digits(layer.x, 3)} op/B, ${unitText(layer.y, "op/s", 3)}, ${shareText(layer.share)} of the time, limited by ${layer.limiting}`;
    const circle = svg("circle", {class: "dot", cx: x.to(layer.x), cy: y.to(layer.y), r: 4 + 11 * Math.sqrt(layer.share), fill: colours.get(layer.limiting)});
    circle.append(svg("title", {}, text));
    circle.addEventListener("pointermove", (event) => showTip(event, text));
    circle.addEventListener("pointerleave", hideTip);
    plot.append(circle);
  }
}

function rooflineNote(result, layers, bandwidth) {
  const left = result.layers.length - layers.length;
  return `A circle is a layer, its area the share of the time. Operations are actions of functional units, bytes those of ${result.outermost_memory}.`
    + (left ? ` Not drawn: ${left} without operations or without traffic.` : "")
    + (bandwidth ? "" : ` The bandwidth of ${result.outermost_memory} is not limited.`);
}

function gridLines(x, y, frame, width, height) {
  const found = [];
  for (const value of x.ticks(Math.max(2, Math.round(width / 80)))) {
    found.push(svg("line", {class: "grid", x1: x.to(value), x2: x.to(value), y1: frame.top, y2: frame.bottom}));
    found.push(svg("text", {class: "tick", x: x.to(value), y: frame.bottom + 14, "text-anchor": "middle"}, digits(value, 3)));
  }
  for (const value of y.ticks(6)) {
    found.push(svg("line", {class: "grid", x1: frame.left, x2: frame.right, y1: y.to(value), y2: y.to(value)}));
    found.push(svg("text", {class: "tick", x: frame.left - 5, y: y.to(value) + 4, "text-anchor": "end"}, unitText(value, "op/s", 3)));
  }
  found.push(svg("text", {x: (frame.left + frame.right) / 2, y: height - 4, "text-anchor": "middle"}, "operations per byte"));
  return found;
}

function roofLines(peaks, bandwidth, x, y, frame) {
  const found = [];
  const highest = Math.max(...peaks.map(([, peak]) => peak));
  if (bandwidth && peaks.length) {
    const first = Math.max(x.low, y.low / bandwidth);
    found.push(svg("line", {class: "roof", x1: x.to(first), y1: y.to(first * bandwidth), x2: x.to(highest / bandwidth), y2: y.to(highest)}));
  }
  const taken = [];
  for (const [name, peak] of [...peaks].sort((a, b) => b[1] - a[1])) {
    const from = bandwidth ? Math.max(x.low, peak / bandwidth) : x.low;
    const at = y.to(peak);
    found.push(svg("line", {class: "roof", x1: x.to(from), y1: at, x2: frame.right, y2: at}));
    if (taken.some((other) => Math.abs(other - at) < 13)) continue;
    taken.push(at);
    found.push(svg("text", {class: "tick", x: frame.right - 3, y: at - 5, "text-anchor": "end"}, shortened(name, 26)));
  }
  return found;
}

/** A colour for each component that limits a layer. */
function limitColours(layers) {
  const names = [...new Set(layers.map(({limiting}) => limiting))].sort();
  return new Map(names.map((name, i) => [name, cssColour(`--kind-${i % MOST_COLOURS}`)]));
}
