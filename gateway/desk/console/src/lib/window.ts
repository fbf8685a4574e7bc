// Which rows of a long list are on the screen, and which are to be fetched for them. Pure: the list itself
// is parts/LongTable.svelte.

export interface Span {
    first: number;  // of the rows
    end: number;    // one behind the last
}

// The rows that `top` and `height` of the scrolled box show, and `beyond` more on each side.
export function visible(top: number, height: number, row_height: number, total: number, beyond: number): Span {
    const first = Math.max(0, Math.floor(Math.max(0, top) / row_height) - beyond);
    const end = Math.min(total, Math.ceil((Math.max(0, top) + height) / row_height) + beyond);
    return {first: Math.min(first, end), end};
}

// Which pages of `page` rows a span touches and `have` lacks.
export function missing_pages(span: Span, page: number, have: (page: number) => boolean): number[] {
    const pages: number[] = [];
    for (let at = Math.floor(span.first / page); at * page < span.end; ++at) {
        if (!have(at)) {
            pages.push(at);
        }
    }
    return pages;
}

// Rows by their place in the whole list, as far as they are known. A new page overwrites what it covers.
export class Rows<Row> {
    readonly #rows = new Map<number, Row>();
    total = 0;

    clear(): void {
        this.#rows.clear();
        this.total = 0;
    }
    put(offset: number, items: readonly Row[], total: number): void {
        items.forEach((row, at) => this.#rows.set(offset + at, row));
        if (total < this.total) {
            for (const place of this.#rows.keys()) {
                if (place >= total) {
                    this.#rows.delete(place);
                }
            }
        }
        this.total = total;
    }
    at(place: number): Row | undefined {
        return this.#rows.get(place);
    }
    // Keeps memory in bounds: what is far from the span goes.
    keep_near(span: Span, beyond: number): void {
        for (const place of this.#rows.keys()) {
            if (place < span.first - beyond || place >= span.end + beyond) {
                this.#rows.delete(place);
            }
        }
    }
    get known(): number {
        return this.#rows.size;
    }
}

// Sorting of what is all here (users, sessions): by text, by number or by amount; equal keys keep their order.
export function sorted<Row>(rows: readonly Row[], key: (row: Row) => string | number | boolean, down: boolean): Row[] {
    const marked = rows.map((row, at) => ({row, at, key: key(row)}));
    marked.sort((a, b) => {
        const order = typeof a.key === 'string' && typeof b.key === 'string'
            ? a.key.localeCompare(b.key, 'en', {numeric: true})
            : Number(a.key) - Number(b.key);
        return (down ? -order : order) || a.at - b.at;
    });
    return marked.map((entry) => entry.row);
}
