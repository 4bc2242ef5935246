// How each component spends the time: all blocks as shares, the chosen one piece by piece.

const ROW = 26;
const LABEL = 112;

function renderTimeline(timeline, clock, layers, state, act) {
  const box = byId("timeline");
  box.parentElement.hidden = !timeline && !layers.length;
  if (!timeline) {
    box.replaceChildren(make("p", {className: "note"}, "This run was not played out in time: there is no timeline of it."));
    return;
  }
  const detailed = timeline.blocks.map((block, i) => [block, i]).filter(([block]) => block.spans);
  const longest = detailed.reduce((best, [block, i]) => (best === null || block.cycles > timeline.blocks[best].cycles ? i : best), null);
  const chosen = timeline.blocks[state.block]?.spans ? state.block : longest;
  const overview = make("div", {className: "bars"}, make("canvas", {role: "img", "aria-label": "Share of each state of each component over time"}));
  const parts = [overview, stateLegend(timeline), make("p", {className: "note"}, overviewNote(timeline, clock))];
  const detail = make("div", {className: "bars"}, make("canvas", {role: "img", "aria-label": "First phases of the chosen block"}));
  if (chosen !== null) {
    const select = make("select", {id: "block", "data-focus": "block"}, ...detailed.map(([block, i]) => make("option", {value: String(i)}, blockName(block))));
    select.value = String(chosen);
    select.addEventListener("change", () => act.block(Number(select.value)));
    parts.push(make("div", {className: "row"}, make("label", {}, "Beginning of ", select)), detail);
  }
  box.replaceChildren(...parts);
  drawOverview(overview, timeline, clock, chosen, act);
  if (chosen !== null) drawDetail(detail, timeline, timeline.blocks[chosen], clock);
}

const blockName = ({layer, name}) => (layer && !name.startsWith(layer) ? `${layer}: ${name}` : name);

function overviewNote(timeline, clock) {
  const left = timeline.blocks_left_out ? ` ${wholeText(timeline.blocks_left_out)} short blocks are left out.` : "";
  return `${unitText(timeline.cycles / clock, "s")} in all; the height of a colour is its share of the block.${left}`;
}

function stateLegend(timeline) {
  return make("ul", {className: "legend"}, ...timeline.states.map(({name, text}) => make("li", {}, make("span", {className: "swatch", style: `background:var(--${name})`}), text)));
}

/** Rows of components with an axis of time below; gives back the scale. */
function timeFrame(box, components, end, clock) {
  const height = components.length * ROW + 24;
  box.style.height = `${height}px`;
  const drawing = openCanvas(box, box.clientWidth, height);
  const {pen, width} = drawing;
  const x = makeScale([0, end || 1], false, LABEL, width - 8);
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  pen.fillStyle = cssColour("--ink");
  components.forEach((name, row) => pen.fillText(fitText(pen, name, LABEL - 10), LABEL - 6, (row + 0.5) * ROW));
  pen.textAlign = "center";
  pen.textBaseline = "top";
  pen.fillStyle = cssColour("--muted");
  const seconds = makeScale([0, end / clock || 1], false, 0, 1);
  for (const value of seconds.ticks(Math.max(2, Math.round(width / 130)))) {
    const at = x.to(value * clock);
    if (at + 22 < width) pen.fillText(unitText(value, "s", 3), at, components.length * ROW + 7);
  }
  return {...drawing, x};
}

function drawOverview(box, timeline, clock, chosen, act) {
  const {canvas, pen, x, width} = timeFrame(box, timeline.components, timeline.cycles, clock);
  const colours = timeline.states.map(({name}) => cssColour(`--${name}`));
  const order = timeline.states.map(({name}) => name);
  for (const block of timeline.blocks) {
    const [from, to] = [x.to(block.begin), x.to(block.begin + block.cycles)];
    timeline.components.forEach((component, row) => {
      let bottom = (row + 1) * ROW - 3;
      const shares = block.shares[component] ?? {idle: 1};
      order.forEach((name, i) => {
        const tall = (shares[name] ?? 0) * (ROW - 6);
        if (!tall) return;
        pen.fillStyle = colours[i];
        pen.fillRect(from, bottom - tall, Math.max(to - from, 0.4), tall);
        bottom -= tall;
      });
    });
    if (to - from > 4) {
      pen.fillStyle = cssColour("--surface");
      pen.fillRect(to - 0.5, 0, 1, timeline.components.length * ROW);
    }
  }
  if (chosen !== null) {
    const block = timeline.blocks[chosen];
    pen.strokeStyle = cssColour("--accent");
    pen.lineWidth = 2;
    pen.strokeRect(x.to(block.begin), 1, Math.max(2, x.to(block.begin + block.cycles) - x.to(block.begin)), timeline.components.length * ROW - 2);
  }
  const at = (event) => {
    const [left] = within(canvas, event);
    const cycle = x.from(left);
    return left < LABEL || left > width ? -1 : timeline.blocks.findIndex(({begin, cycles}) => cycle >= begin && cycle < begin + cycles);
  };
  canvas.addEventListener("pointermove", (event) => {
    const block = timeline.blocks[at(event)];
    const component = timeline.components[Math.floor(within(canvas, event)[1] / ROW)];
    if (!block || component === undefined) return hideTip();
    return showTip(event, make("strong", {}, `${blockName(block)}${block.repeat > 1 ? ` x ${wholeText(block.repeat)}` : ""}`),
      facts([["time", unitText(block.cycles / clock, "s")], [component, ""], ...timeline.states
        .filter(({name}) => block.shares[component]?.[name])
        .map(({name, text}) => [text, shareText(block.shares[component][name])])]));
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => timeline.blocks[at(event)]?.spans && act.block(at(event)));
}

function drawDetail(box, timeline, block, clock) {
  const end = block.spans_end;
  const {canvas, pen, x} = timeFrame(box, timeline.components, end, clock);
  const colours = timeline.states.map(({name}) => cssColour(`--${name}`));
  pen.textBaseline = "middle";
  for (const [component, state, from, to, word] of block.spans) {
    const [left, wide] = [x.to(from), Math.max(x.to(to) - x.to(from), 0.4)];
    pen.fillStyle = colours[state];
    pen.fillRect(left, component * ROW + 3, wide > 3 ? wide - 0.6 : wide, ROW - 6);
    if (state !== 0 || wide < 18) continue;
    pen.fillStyle = cssColour("--surface");
    pen.textAlign = "center";
    pen.fillText(fitText(pen, timeline.words[word], wide - 4), left + wide / 2, (component + 0.5) * ROW);
  }
  canvas.addEventListener("pointermove", (event) => {
    const [left, top] = within(canvas, event);
    const [row, cycle] = [Math.floor(top / ROW), x.from(left)];
    const span = block.spans.find(([component, , from, to]) => component === row && cycle >= from && cycle < to);
    if (!span) return hideTip();
    return showTip(event, make("strong", {}, timeline.words[span[4]]), facts([
      [timeline.components[row], timeline.states[span[1]].text],
      ["from cycle", digits(span[2], 6)], ["cycles", digits(span[3] - span[2], 6)]]));
  });
  canvas.addEventListener("pointerleave", hideTip);
}
