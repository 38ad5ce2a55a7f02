"use strict";

const table = document.getElementById("runs");
const body = table.tBodies[0];
const rows = [...body.rows];

// A click on a header sorts by its column, a second one the other way; rows without a value
// come last both ways, and equal rows keep their order.
const value = (row, column) => row.cells[column].dataset.value ?? "";
const compare = (a, b) =>
  a !== "" && b !== "" && !Number.isNaN(Number(a)) && !Number.isNaN(Number(b))
    ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true });

for (const button of table.querySelectorAll("thead button")) {
  const header = button.closest("th");
  button.addEventListener("click", () => {
    const first = header.dataset.first ?? "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === first ? other : first;
    for (const th of table.querySelectorAll("th[aria-sort]")) th.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const column = header.cellIndex;
    rows.sort((a, b) => {
      const [x, y] = [value(a, column), value(b, column)];
      if (x === "" || y === "") return (x === "") - (y === "");
      return sign * compare(x, y);
    });
    body.append(...rows);
  });
}

// The box keeps the rows that hold every word.
const box = document.getElementById("filter");
const count = document.getElementById("count");
const apply = () => {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    row.hidden = !words.every((word) => row.dataset.text.includes(word));
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} runs`;
};
box.addEventListener("input", apply);
apply();
document.getElementById("controls").hidden = false;
