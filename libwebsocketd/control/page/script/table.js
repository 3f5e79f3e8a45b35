// fill shows entries in a table. A column has a name, and either the text of an entry or a
// function that draws it in its cell. A row that is there already stays, and with it the focus
// of its buttons.
function fill(place, label, columns, entries, keyOf, more) {
  if (entries.length === 0) return place.firstElementChild?.className === "none" || place.replaceChildren(make("p", { className: "none" }, "none"));
  const table = place.querySelector("table") || newTable(place, label, columns);
  const body = table.tBodies[0], old = new Map([...body.rows].map(row => [row.key, row]));
  let at = body.firstElementChild;
  for (const entry of entries) {
    const key = keyOf(entry), row = old.get(key) || newRow(key, columns);
    old.delete(key);
    row.entry = entry;
    columns.forEach((column, i) => column.draw ? column.draw(row.cells[i], entry) : write(row.cells[i], column.text(entry)));
    if (row === at) at = at.nextElementSibling;
    else body.insertBefore(row, at);
  }
  for (const row of old.values()) row.remove();
  write(place.lastElementChild, more ? `and ${more} more` : "");
}

// newTable makes the table of a place. The roles stand for what a table is where a narrow window
// draws it as blocks.
function newTable(place, label, columns) {
  const names = columns.map(({ name, title }) => make("th", { scope: "col", role: "columnheader" }, name || make("span", { className: "unseen" }, title)));
  const table = make("table", { role: "table", ariaLabel: label },
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...names)), make("tbody", { role: "rowgroup" }));
  place.replaceChildren(table, make("p", { className: "more" }));
  return table;
}

function newRow(key, columns) {
  const row = make("tr", { key, role: "row" });
  for (const { name } of columns) {
    const cell = row.appendChild(make("td", { role: "cell" }));
    cell.dataset.name = name;
  }
  return row;
}

// buttons shows in a cell a button for each label: [label, what it is for, act, whether it ends
// something]. One that is there already stays; if the one that has the focus goes, the first has it.
function buttons(cell, about, ...wanted) {
  const old = new Map([...cell.children].map(button => [button.textContent, button]));
  const lost = document.activeElement?.parentElement === cell && !wanted.some(([label]) => label === document.activeElement.textContent);
  const now = wanted.map(([label, act, ends]) => {
    const button = old.get(label) || make("button", { type: "button", className: ends ? "destroys" : "" }, label);
    button.ariaLabel = `${label} ${about}`;
    button.onclick = () => button.ariaDisabled !== "true" && act();
    return button;
  });
  if (now.length === cell.children.length && now.every((button, i) => button === cell.children[i])) return;
  for (const button of old.values()) if (!now.includes(button)) button.remove();
  now.forEach((button, i) => button === cell.children[i] || cell.insertBefore(button, cell.children[i] || null));
  if (lost) now[0]?.focus();
}
