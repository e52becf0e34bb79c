// Tables sort by a click on a column's title. Without this script the page is complete.
(() => {
  const key = (row, column) => {
    const cell = row.cells[column];
    const number = cell.dataset.number;
    if (number !== undefined) return Number(number);
    return "text" in cell.dataset ? cell.textContent : null;
  };
  const compare = (a, b, direction) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return direction * (a < b ? -1 : a > b ? 1 : 0);
    return direction * String(a).localeCompare(String(b));
  };
  const sort = (table, column, header) => {
    const first = header.classList.contains("n") ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === first ? second : first;
    const direction = order === "ascending" ? 1 : -1;
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", order);
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => [key(row, column), row]);
    rows.sort((a, b) => compare(a[0], b[0], direction));
    body.append(...rows.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table")) {
    if (!table.tHead || table.tBodies[0].rows.length < 2) continue;
    Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
      // A real button would keep the browser from repeating the head on every printed page.
      const button = document.createElement("span");
      button.className = "sort";
      button.tabIndex = 0;
      button.setAttribute("role", "button");
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, column, header));
      button.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        sort(table, column, header);
      });
      header.append(button);
      header.setAttribute("aria-sort", "none");
    });
  }
  // What is folded away is printed all the same, and a link into it opens it.
  const folded = document.querySelectorAll("details");
  const open = [];
  addEventListener("beforeprint", () => {
    open.length = 0;
    for (const one of folded) {
      open.push(one.open);
      one.open = true;
    }
  });
  addEventListener("afterprint", () => open.forEach((was, i) => (folded[i].open = was)));
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const around = target && target.closest("details");
    if (around) around.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
