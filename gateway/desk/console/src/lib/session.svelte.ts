// Who is logged on, in this page's memory. A reload asks the desk again (GET /me); a 401 of any request ends
// it here, and after the next log-on the person is back on the page they were on.
import {ApiError, get, on_session_lost, post, set_csrf} from './api';
import type {LogonRequest, Me} from './api_types';

class Session {
    me = $state<Me | null>(null);
    asked = $state(false);   // whether the desk has said who we are
    ended = $state(false);   // it was there and is over

    constructor() {
        on_session_lost(() => this.#end(this.me !== null));
    }
    // Asks the desk who we are; `lost`: if it says nobody, that is a session which ended by itself. A desk that does
    // not answer ends nothing.
    async recall(lost = false): Promise<void> {
        try {
            this.#begin(await get<Me>('/me'));
        } catch (wrong) {
            if (!this.asked || (wrong instanceof ApiError && wrong.status === 401)) {
                this.#end(lost && this.me !== null);
            }
        }
        this.asked = true;
    }
    async log_on(request: LogonRequest): Promise<void> {
        this.#begin(await post<Me>('/login', request));
    }
    async log_off(): Promise<void> {
        try {
            await post('/logout');
        } finally {
            this.#end(false);
        }
    }
    // For what a page offers; the gateway decides.
    may(verb: string): boolean {
        return this.me?.rights.includes(verb) ?? false;
    }
    #begin(me: Me): void {
        set_csrf(me.csrf);
        this.me = me;
        this.ended = false;
    }
    #end(lost: boolean): void {
        set_csrf('');
        this.me = null;
        this.ended = this.ended || lost;
    }
}

export const session = new Session();
