// The table of tenants: sorted by the column that is asked for, and filtered by words. Without this it is in the order of the
// configuration, and whole.
'use strict';
(() => {
	const table = document.querySelector('table.sorted'), body = table && table.tBodies[0];
	if (!body || body.rows.length < 2) return;
	const rows = [...body.rows];
	const value = (row, column) => row.cells[column].dataset.v === undefined ? row.cells[column].textContent.trim() : Number(row.cells[column].dataset.v);
	[...table.tHead.rows[0].cells].forEach((head, column) => {
		const button = Object.assign(document.createElement('button'), {type: 'button'});
		button.append(...head.childNodes);
		head.append(button);
		button.addEventListener('click', () => {
			const numbers = typeof value(rows[0], column) === 'number';
			const up = head.ariaSort ? head.ariaSort === 'descending' : !numbers; // the largest number first, the first name
			for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
			head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
			const order = (a, b) => numbers ? value(a, column) - value(b, column) : value(a, column).localeCompare(value(b, column));
			body.append(...rows.sort((a, b) => up ? order(a, b) : order(b, a)));
		});
	});
	const label = document.createElement('label'), input = document.createElement('input'), said = document.createElement('span');
	input.type = 'search';
	input.placeholder = 'a name, overdue, final, 2026-03-31';
	said.setAttribute('role', 'status');
	label.append('Show only ', input);
	const filter = document.createElement('div');
	filter.className = 'filter';
	filter.append(label, said);
	table.parentElement.before(filter);
	input.addEventListener('input', () => {
		const words = input.value.toLowerCase().split(/\s+/);
		let shown = 0;
		for (const row of rows) {
			row.hidden = !words.every((w) => row.textContent.toLowerCase().includes(w));
			shown += !row.hidden;
		}
		said.textContent = shown === rows.length ? '' : shown + ' of ' + rows.length + ' tenants are shown; the totals are of all';
	});
})();
