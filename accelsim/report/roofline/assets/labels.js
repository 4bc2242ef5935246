// Where labels go so that none covers another: places are worked out in pixels.

const LABEL_FONT = 11;
const LINE = 14;
const TOGETHER = 16;
const MOST_LABELS = 8;

/** Pixels of values on two logarithmic axes of whole decades. */
function geometry(chart, axes, grid) {
  const part = (value, [low, high]) => Math.log10(value / low) / Math.log10(high / low);
  const box = {
    left: grid.left, top: grid.top, right: chart.getWidth() - grid.right, bottom: chart.getHeight() - grid.bottom,
  };
  return {
    box,
    x: (value) => box.left + part(value, axes.x) * (box.right - box.left),
    y: (value) => box.bottom - part(value, axes.y) * (box.bottom - box.top),
  };
}

const pen = document.createElement("canvas").getContext("2d");

function textWidth(text) {
  pen.font = `${LABEL_FONT}px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

/** Rows that lie together, each group with one label of its longest rows. */
function grouped(rows, at) {
  const groups = [];
  for (const row of rows) {
    const [x, y] = [at.x(row.intensity), at.y(row.rate)];
    const near = groups.find((group) => Math.hypot(group.x - x, group.y - y) < TOGETHER);
    if (near) near.rows.push(row);
    else groups.push({x, y, rows: [row], radius: sizeOf(row) / 2});
  }
  return groups.map((group) => ({...group, key: group.rows[0].key, text: groupText(group.rows)}));
}

function groupText(rows) {
  const short = (name) => (name.length > 22 ? `${name.slice(0, 20)}..` : name);
  const names = [...new Set(rows.map((row) => short(row.name)))];
  const more = names.length - 2;
  return names.slice(0, 2).join(", ") + (more > 0 ? ` +${more}` : "");
}

/** Centres of a label around a point, the best first: right, below, left, above, then further off. */
function candidates({x, y, radius}, width) {
  const side = radius + 5 + width / 2;
  const under = radius + 3 + LINE / 2;
  const near = [
    [x + side, y], [x + side, y + LINE * 0.8], [x, y + under], [x + width / 3, y + under],
    [x - width / 3, y + under], [x - side, y], [x - side, y - LINE * 0.8], [x, y - under], [x - width / 3, y - under],
  ];
  const far = [1, 2].flatMap((lines) => [-0.5, 0, 0.5].map((part) => [x + part * width, y + under + lines * LINE]));
  return [...near, ...far];
}

/** Boxes that cover the lines of the roofs. */
function roofBoxes(roofs, at, right) {
  const levels = roofs.peaks.map(({peak, ridge}) => {
    return {left: at.x(ridge), right: at.x(right), top: at.y(peak) - 1, bottom: at.y(peak) + 1};
  });
  const highest = roofs.peaks.length ? Math.max(...roofs.peaks.map(({ridge}) => ridge)) : right;
  const ends = [at.box.left, at.x(highest)];
  const slope = (at.y(10 * roofs.bandwidth) - at.y(roofs.bandwidth)) / (at.x(10) - at.x(1));
  const steps = Math.max(1, Math.round((ends[1] - ends[0]) / 6));
  const pieces = Array.from({length: steps + 1}, (_, i) => {
    const x = ends[0] + ((ends[1] - ends[0]) * i) / steps;
    return around([x, at.y(roofs.bandwidth) + slope * (x - at.x(1))], 6, 6);
  });
  return [...levels, ...pieces];
}

const overlap = (a, b) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const around = ([x, y], width, height) => ({
  left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2,
});

/**
 * Offsets from points to the middles of their labels; a label without a free place is left out.
 *
 * Groups come with the longest first, so that what matters most is named.
 */
function placeLabels(groups, at, taken) {
  const blocked = [...taken, ...groups.map((group) => around([group.x, group.y], group.radius * 1.7, group.radius * 1.7))];
  const placed = new Map();
  for (const group of groups.slice(0, MOST_LABELS)) {
    const width = textWidth(group.text) + 4;
    const free = candidates(group, width).find((centre) => {
      const box = around(centre, width, LINE);
      const inside = box.left > at.box.left && box.right < at.box.right + 14 &&
        box.top > at.box.top && box.bottom < at.box.bottom;
      return inside && !blocked.some((other) => overlap(box, other));
    });
    if (!free) continue;
    blocked.push(around(free, width, LINE));
    placed.set(group.key, {text: group.text, offset: [free[0] - group.x, free[1] - group.y]});
  }
  return placed;
}

/** How far each of some heights moves so that lines of text do not overlap. */
function spread(heights) {
  const order = heights.map((_, i) => i).sort((a, b) => heights[a] - heights[b]);
  const moved = [...heights];
  order.forEach((i, k) => {
    if (k > 0) moved[i] = Math.max(moved[i], moved[order[k - 1]] + LINE - 1);
  });
  return moved.map((height, i) => height - heights[i]);
}
