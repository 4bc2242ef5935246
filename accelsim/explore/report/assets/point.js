// All that is known of the chosen design.

function renderPoint(model, state) {
  const box = byId("point");
  const place = state.selected;
  if (place === null) {
    box.replaceChildren(make("h2", {}, "Chosen design"), make("p", {className: "note"}, "None: click one, in the plot or in the table of the front."));
    return;
  }
  const {data} = model;
  const number = data.numbers[place];
  const design = model.front.find((each) => each.place === place);
  const status = design ? "on the front" : ["dominated", "fails a constraint", "cannot be simulated"][data.status[place]];
  const reason = data.reasons[number] ?? "";
  const figureRows = data.figures
    .filter(({values}) => values[place] !== null)
    .map(({label, unit, goal, values}) => [label + (goal ? " *" : ""), unitText(values[place], unit)]);
  const played = model.objectives
    .filter(({name, values}) => design && isMoved(design, name, values))
    .map(({name, label, unit}) => [`${label}, played out`, unitText(design.event[name], unit)]);
  box.replaceChildren(
    make("h2", {"data-number": String(number)}, `Point ${number}: ${status}`),
    ...(reason ? [make("p", {className: "note"}, reason)] : []),
    facts(parametersOf(model, place).map(([name, value]) => [name, valueText(value)])),
    make("h2", {}, "Figures"),
    facts([...figureRows, ...played]),
    ...(design?.event_reason ? [make("p", {className: "note"}, `Not played out: ${design.event_reason}`)] : []),
    ...(design?.commands.length ? [make("h2", {}, "Commands"), ...design.commands.map((text) => commandBox(text))] : []),
  );
}
