// Tables that a click or a key sorts: <table data-sortable>, a button in each header. A cell's
// data-v is its value, else its text; what has no value stands last either way.
"use strict";
{
  const value = (cell, numeric) => {
    const text = cell.dataset.v ?? cell.textContent.trim();
    if (text === "") return null;
    return numeric ? Number(text) : text.toLowerCase();
  };
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

  const sort = (table, header) => {
    const column = header.cellIndex;
    const numeric = header.classList.contains("number");
    const was = header.getAttribute("aria-sort");
    const first = numeric ? "descending" : "ascending";
    const other = numeric ? "ascending" : "descending";
    const now = was === first ? other : first;
    for (const cell of table.tHead.rows[0].cells) {
      if (cell.hasAttribute("aria-sort")) cell.setAttribute("aria-sort", "none");
    }
    header.setAttribute("aria-sort", now);
    const sign = now === "ascending" ? 1 : -1;
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [value(row.cells[column], numeric), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * compare(a, b);
    });
    body.append(...keyed.map(([, row]) => row));
  };

  // The order stands in the address, `#sort=TABLE.COLUMN.ascending`, so that it can be passed on;
  // an address that leads to a place in the page stays as it is.
  const tables = [...document.querySelectorAll("table[data-sortable]")];
  const wanted = /^#sort=(\d+)\.(\d+)\.(ascending|descending)$/.exec(location.hash);
  tables.forEach((table, number) => {
    for (const header of table.tHead.rows[0].cells) {
      const button = header.querySelector("button");
      button?.addEventListener("click", () => {
        sort(table, header);
        if (location.hash && !location.hash.startsWith("#sort=")) return;
        const order = header.getAttribute("aria-sort");
        history.replaceState(null, "", `#sort=${number}.${header.cellIndex}.${order}`);
      });
    }
  });
  const asked = wanted && tables[wanted[1]]?.tHead.rows[0].cells[wanted[2]];
  if (asked?.hasAttribute("aria-sort")) {
    for (let turn = 0; turn < 2 && asked.getAttribute("aria-sort") !== wanted[3]; turn += 1) {
      sort(tables[wanted[1]], asked);
    }
  }
}
