// Short notes at the foot of the page about what an act became; the last ones, read out by screen readers.

export interface Note {
    id: number;
    good: boolean;
    text: string;
}

class Notes {
    list = $state<Note[]>([]);
    #next = 1;

    add(good: boolean, text: string): void {
        const id = this.#next++;
        this.list = [...this.list.slice(-3), {id, good, text}];
        setTimeout(() => this.remove(id), good ? 8000 : 20_000);
    }
    remove(id: number): void {
        this.list = this.list.filter((note) => note.id !== id);
    }
}

export const notes = new Notes();
