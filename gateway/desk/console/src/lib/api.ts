// Requests to the desk. The session is a cookie no script can read; the CSRF token lives in this module only.
import type {Error as ErrorBody} from './api_types';

export class ApiError extends Error {
    constructor(readonly status: number, readonly code: string, text: string, readonly sequence: number | null) {
        super(text);
    }
}

let csrf = '';
let session_lost: () => void = () => {};
let last_request_ms = Date.now();

export function set_csrf(token: string): void {
    csrf = token;
}
export function on_session_lost(act: () => void): void {
    session_lost = act;
}
// When the desk last heard of us: the session ends by itself when it has not for too long.
export function idle_since_ms(): number {
    return last_request_ms;
}

type Query = Record<string, string | number | boolean | undefined>;

export function url_of(path: string, query: Query = {}): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return `/api/v1${path}${text === '' ? '' : '?' + text}`;
}

async function ask<Answer>(method: string, path: string, query: Query, body: unknown, signal?: AbortSignal): Promise<Answer> {
    const headers: Record<string, string> = {Accept: 'application/json'};
    if (method !== 'GET') {
        headers['Content-Type'] = 'application/json';
        if (csrf !== '') {
            headers['X-Fairlead-Csrf'] = csrf;
        }
    }
    let answer: Response;
    try {
        answer = await fetch(url_of(path, query), {
            method,
            headers,
            credentials: 'same-origin',
            cache: 'no-store',
            ...(body === undefined ? {} : {body: JSON.stringify(body)}),
            ...(signal === undefined ? {} : {signal}),
        });
    } catch (problem) {
        if (problem instanceof DOMException && problem.name === 'AbortError') {
            throw problem;
        }
        throw new ApiError(0, 'desk_away', '', null);
    }
    last_request_ms = Date.now();
    if (answer.status === 204) {
        return undefined as Answer;
    }
    const said: unknown = await answer.json().catch(() => null);
    if (!answer.ok) {
        const wrong = said as Partial<ErrorBody> | null;
        const error = new ApiError(answer.status, wrong?.error ?? 'unknown', wrong?.text ?? '', wrong?.sequence ?? null);
        if (answer.status === 401 && path !== '/login' && path !== '/me') {
            session_lost();
        }
        throw error;
    }
    return said as Answer;
}

export function get<Answer>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer> {
    return ask<Answer>('GET', path, query, undefined, signal);
}

export function post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
    return ask<Answer>('POST', path, {}, body);
}
