// Canvases as sharp as the screen, and the tip beside the pointer.

/** The canvas of a box at its present size, empty, and what draws on it. */
function openCanvas(box, width = box.clientWidth, height = box.clientHeight, which = 0) {
  const canvas = box.querySelectorAll("canvas")[which];
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px system-ui, 'Segoe UI', 'Liberation Sans', sans-serif";
  return {canvas, pen, width, height};
}

/** A text that ends where it would leave its room. */
function fitText(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(`${text.slice(0, middle)}..`).width <= room) low = middle;
    else high = middle - 1;
  }
  return low ? `${text.slice(0, low)}..` : "";
}

function showTip(event, ...content) {
  const tip = byId("tip");
  tip.replaceChildren(...content);
  tip.hidden = false;
  const {width, height} = tip.getBoundingClientRect();
  const left = event.clientX + 14 + width > innerWidth ? event.clientX - width - 14 : event.clientX + 14;
  const top = event.clientY + 14 + height > innerHeight ? event.clientY - height - 14 : event.clientY + 14;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

const hideTip = () => { byId("tip").hidden = true; };

/** Where an event is within an element, in its pixels. */
function within(element, event) {
  const box = element.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Axes of a plot on a canvas: grid, ticks and titles. */
function drawFrame({pen, width, height}, box, x, y, xTitle, yTitle, xText, yText) {
  const [line, muted, ink] = ["--line", "--muted", "--ink"].map(cssColour);
  pen.lineWidth = 1;
  pen.textBaseline = "top";
  pen.textAlign = "center";
  let free = -Infinity;
  for (const value of x.ticks(Math.max(2, Math.round(width / 95)))) {
    const at = Math.round(x.to(value)) + 0.5;
    pen.strokeStyle = line;
    strokeLine(pen, at, box.top, at, box.bottom);
    const half = pen.measureText(xText(value)).width / 2;
    if (at - half < free || at + half > width) continue;
    free = at + half + 6;
    pen.fillStyle = muted;
    pen.fillText(xText(value), at, box.bottom + 5);
  }
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const value of y.ticks(Math.max(2, Math.round(height / 60)))) {
    const at = Math.round(y.to(value)) + 0.5;
    pen.strokeStyle = line;
    strokeLine(pen, box.left, at, box.right, at);
    pen.fillStyle = muted;
    pen.fillText(fitText(pen, yText(value), box.left - 22), box.left - 6, at);
  }
  pen.fillStyle = ink;
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  pen.fillText(fitText(pen, xTitle, box.right - box.left), (box.left + box.right) / 2, height - 5);
  pen.save();
  pen.translate(12, (box.top + box.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText(fitText(pen, yTitle, box.bottom - box.top), 0, 0);
  pen.restore();
}

function strokeLine(pen, x1, y1, x2, y2) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}
