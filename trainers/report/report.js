"use strict";

// Samples: the slider shows one of the grids that the page holds.
const grids = [...document.querySelectorAll("figure.grid")];
const slider = document.getElementById("time");
if (slider) {
  const button = document.getElementById("play");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let timer = null;

  const show = () => {
    grids.forEach((grid, i) => { grid.hidden = i !== Number(slider.value); });
    const caption = grids[slider.value].querySelector("figcaption").textContent;
    slider.setAttribute("aria-valuetext", caption);
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  };
  const advance = () => {
    slider.value = Number(slider.value) + 1;
    show();
    if (slider.value === slider.max) stop();
  };

  slider.addEventListener("input", () => { stop(); show(); });
  button.addEventListener("click", () => {
    if (timer !== null) { stop(); return; }
    if (slider.value === slider.max) { slider.value = 0; show(); }
    button.textContent = "Stop";
    timer = setInterval(advance, calm ? 1500 : 500);
  });
  document.getElementById("controls").hidden = false;
  show();
}

// Curves: the values of the row nearest to the pointer, or chosen with the arrow keys.
const short = (value) => {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return value.toLocaleString("en", { maximumSignificantDigits: size >= 1e3 ? 6 : 4 });
};

for (const figure of document.querySelectorAll("figure.chart")) {
  const svg = figure.querySelector("svg[role=img]");
  const cursor = svg.querySelector(".cursor");
  const readout = figure.querySelector(".readout");
  const { steps, names, series } = JSON.parse(
    document.getElementById(`${figure.id}-data`).textContent);
  const [start, end, low, high] = ["start", "end", "low", "high"].map(
    (key) => Number(figure.dataset[key]));
  const usual = readout.textContent;
  let at = steps.length - 1;

  const show = (index) => {
    at = Math.min(Math.max(index, 0), steps.length - 1);
    const x = start + (steps[at] - low) / (high - low) * (end - start);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.setAttribute("visibility", "visible");
    const values = names.map((name, i) =>
      series[i][at] === null ? "" : ` \u00b7 ${name} ${short(series[i][at])}`);
    readout.textContent = `step ${steps[at].toLocaleString("en")}${values.join("")}`;
  };
  const nearest = (step) => {
    let best = 0;
    steps.forEach((s, i) => {
      if (Math.abs(s - step) < Math.abs(steps[best] - step)) best = i;
    });
    return best;
  };
  const clear = () => {
    cursor.setAttribute("visibility", "hidden");
    readout.textContent = usual;
  };

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    show(nearest(low + (x - start) / (end - start) * (high - low)));
  });
  svg.addEventListener("pointerleave", clear);
  svg.addEventListener("focus", () => show(at));
  svg.addEventListener("blur", clear);
  svg.addEventListener("keydown", (event) => {
    const target = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: steps.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    show(target);
  });
}
for (const hint of document.querySelectorAll(".script")) hint.hidden = false;
