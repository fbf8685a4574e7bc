// Which page is shown: the part of the address behind #, so that the desk serves one file and back, forward and
// bookmarks work. #/investors/INV0000001 -> page "investors", rest ["INV0000001"].

export interface Place {
    page: string;
    rest: string[];
    query: URLSearchParams;
}

export function place_of(hash: string): Place {
    const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
    const parts = path.split('/').filter((part) => part !== '').map((part) => {
        try {
            return decodeURIComponent(part);
        } catch {
            return part;
        }
    });
    return {page: parts[0] ?? 'overview', rest: parts.slice(1), query: new URLSearchParams(query)};
}

class Route {
    place = $state.raw<Place>(place_of(location.hash));

    constructor() {
        addEventListener('hashchange', () => {
            this.place = place_of(location.hash);
        });
    }
    go(hash: string): void {
        location.hash = hash;
    }
}

export const route = new Route();

export function link(...parts: (string | number)[]): string {
    return '#/' + parts.map((part) => encodeURIComponent(String(part))).join('/');
}
