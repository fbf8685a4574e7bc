// Amounts as the desk sends them: exact decimal text with at most four places, or "unlimited". They are
// compared and subtracted as BigInt of 1/10,000 and never become a floating point number, but for the place
// of a point in a chart (chart_place).

export const unlimited = 'unlimited';
const places = 4;
const scale = 10n ** BigInt(places);
const form = /^(-?)([0-9]+)(?:\.([0-9]{1,4}))?$/;

// In 1/10,000; null if it is no amount or has no end.
export function units(text: string): bigint | null {
    const parts = form.exec(text);
    if (parts === null) {
        return null;
    }
    const whole = BigInt(parts[2] ?? '0') * scale;
    const rest = BigInt((parts[3] ?? '').padEnd(places, '0'));
    return parts[1] === '-' ? -(whole + rest) : whole + rest;
}

export function text_of(value: bigint): string {
    const size = value < 0n ? -value : value;
    const rest = (size % scale).toString().padStart(places, '0').replace(/0+$/, '');
    return `${value < 0n ? '-' : ''}${size / scale}${rest === '' ? '' : '.' + rest}`;
}

// 1234567.5 -> 1,234,567.5; what is no number is given back as it is.
export function grouped(value: string | number): string {
    const text = String(value);
    const parts = form.exec(text);
    if (parts === null) {
        return text;
    }
    const whole = (parts[2] ?? '').replace(/\B(?=(?:[0-9]{3})+$)/g, ',');
    return `${parts[1]}${whole}${parts[3] === undefined ? '' : '.' + parts[3]}`;
}

// -1, 0 or 1; unlimited is above all, and what is no amount below all.
export function compare(left: string, right: string): number {
    if (left === right) {
        return 0;
    }
    if (left === unlimited || right === unlimited) {
        return left === unlimited ? 1 : -1;
    }
    const a = units(left);
    const b = units(right);
    if (a === null || b === null) {
        return a === b ? 0 : a === null ? -1 : 1;
    }
    return a < b ? -1 : a > b ? 1 : 0;
}

// to - from, with a sign; null where one of them has no end.
export function difference(from: string, to: string): string | null {
    const a = units(from);
    const b = units(to);
    if (a === null || b === null) {
        return null;
    }
    return `${b > a ? '+' : ''}${grouped(text_of(b - a))}`;
}

// What a person typed: digits, with thousands separators in their places or none. null: no amount.
export function typed_amount(input: string): string | null {
    const text = input.trim().toLowerCase();
    if (text === unlimited) {
        return text;
    }
    if (!/^(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]{1,4})?$/.test(text)) {
        return null;
    }
    const value = units(text.replaceAll(',', ''));
    // What a signed 64-bit integer of 1/10,000 holds.
    return value === null || value > 9_223_372_036_854_775_807n ? null : text_of(value);
}

// How it is said, so that a zero too many is seen: 20,000,000 -> "20 million", "2,000 萬".
export function spoken(amount: string, chinese: boolean): string {
    const value = units(amount);
    if (value === null) {
        return '';
    }
    const steps: [bigint, string][] = chinese
        ? [[1_0000_0000_0000n, '兆'], [1_0000_0000n, '億'], [1_0000n, '萬']]
        : [[1_000_000_000n, 'billion'], [1_000_000n, 'million'], [1_000n, 'thousand']];
    for (const [step, name] of steps) {
        if (value >= step * scale) {
            // Divided once more than there are places, cut: told only as a help, and with ≈ if it is not all.
            const said = text_of(value / step);
            const exact = (value / step) * step === value;
            return `${exact ? '' : '≈ '}${grouped(said)} ${name}`;
        }
    }
    return '';
}

// For the place of a point on a chart only; whatever is read by a person is the text itself.
export function chart_place(amount: string): number | null {
    const value = units(amount);
    return value === null ? null : Number(value / scale);
}
