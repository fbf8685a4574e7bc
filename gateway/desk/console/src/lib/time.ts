// Times as the desk sends them (RFC 3339, Taipei, nanoseconds) and durations, for the eye. The text is cut,
// never converted, so what is shown is what the Record says.

// 2026-11-30T09:12:05.123456789+08:00 -> 09:12:05.123
export function time_of_day(at: string | null, digits = 3): string {
    const parts = /T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?/.exec(at ?? '');
    if (parts === null) {
        return '';
    }
    const fraction = (parts[2] ?? '').padEnd(digits, '0').slice(0, digits);
    return digits === 0 ? (parts[1] ?? '') : `${parts[1]}.${fraction}`;
}

export function date_of(at: string | null): string {
    return /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.exec(at ?? '')?.[0] ?? '';
}

// Date and time to the minute or second, in Taipei whatever the text's own zone is.
export function moment(at: string | null, seconds = true): string {
    if (at === null || at === '') {
        return '';
    }
    if (at.endsWith('+08:00')) {
        return `${date_of(at)} ${time_of_day(at, 0).slice(0, seconds ? 8 : 5)}`;
    }
    const known = Date.parse(at);
    if (Number.isNaN(known)) {
        return at;
    }
    const text = taipei(known);
    return `${text.slice(0, 10)} ${text.slice(11, seconds ? 19 : 16)}`;
}

// Milliseconds of UTC as RFC 3339 of Taipei, which has no summer time.
export function taipei(utc_ms: number): string {
    return new Date(utc_ms + 8 * 3_600_000).toISOString().slice(0, 19) + '+08:00';
}

// What <input type="datetime-local"> gives, taken as Taipei's.
export function from_input(local: string): string {
    return /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$/.test(local) ? `${local}:00+08:00` : '';
}

export function duration(ns: number | null): string {
    if (ns === null) {
        return '–';
    }
    const steps: [number, string][] = [[60_000_000_000, 'min'], [1_000_000_000, 's'], [1_000_000, 'ms'], [1_000, 'µs']];
    for (const [step, unit] of steps) {
        if (ns >= step) {
            const value = ns / step;
            return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`;
        }
    }
    return `${ns} ns`;
}
