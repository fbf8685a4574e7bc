// The live stream: one WebSocket for the whole page. Who shows a topic subscribes to it; the newest message of
// each topic is kept until the next repaint, and there are at most four repaints a second. If nothing comes for
// `silent_ms`, or the connection breaks, what is on the screen is stale, and says since when.
import type {StreamMessage, StreamRequest, Topic} from './api_types';

export const repaint_ms = 250;
const silent_ms = 4000;
const retry_ms = [500, 1000, 2000, 4000, 8000];

type Page = NonNullable<StreamRequest['investors']> | NonNullable<StreamRequest['orders']> | string;

interface Wish {
    show: (data: never) => void;
    page: Page | undefined;
    request: number;  // the newest one: messages that do not know of it are of an older choice
}

class Stream {
    live = $state(false);
    stale_since = $state<number | null>(null);  // milliseconds of UTC; null: not stale, or nothing was ever shown
    repaints = 0;

    #socket: WebSocket | null = null;
    #running = false;
    #tries = 0;
    #requests = 0;
    #heard_ms = 0;
    #retry: ReturnType<typeof setTimeout> | undefined;
    #watch: ReturnType<typeof setInterval> | undefined;
    readonly #wishes = new Map<Topic, Wish>();
    readonly #waiting = new Map<Topic, unknown>();
    #painted_ms = 0;
    #paint_planned = false;
    #lost: () => void = () => {};

    // `lost` is called when a connection could not be had: the session may have ended.
    start(lost: () => void): void {
        if (this.#running) {
            return;
        }
        this.#running = true;
        this.#lost = lost;
        this.#watch = setInterval(() => this.#look(), 1000);
        this.#connect();
    }
    stop(): void {
        this.#running = false;
        clearTimeout(this.#retry);
        clearInterval(this.#watch);
        this.#socket?.close();
        this.#socket = null;
        this.#waiting.clear();
        this.live = false;
        this.stale_since = null;
        this.#tries = 0;
    }
    // One subscriber a topic: a page takes it over from the one before. The answer ends it.
    subscribe<Data>(topic: Topic, show: (data: Data) => void, page?: Page): () => void {
        const wish: Wish = {show: show as (data: never) => void, page, request: 0};
        this.#wishes.set(topic, wish);
        this.#ask(topic);
        return () => {
            if (this.#wishes.get(topic) === wish) {
                this.#wishes.delete(topic);
                this.#waiting.delete(topic);
                this.#send({unsubscribe: [topic]});
            }
        };
    }
    // Another page of a topic that is already subscribed to.
    turn(topic: Topic, page: Page): void {
        const wish = this.#wishes.get(topic);
        if (wish !== undefined) {
            wish.page = page;
            this.#ask(topic);
        }
    }

    #ask(topic: Topic): void {
        const wish = this.#wishes.get(topic);
        if (wish === undefined) {
            return;
        }
        wish.request = ++this.#requests;
        this.#waiting.delete(topic);
        this.#send({subscribe: [topic], request: wish.request, ...(wish.page === undefined ? {} : {[topic]: wish.page})} as StreamRequest);
    }
    #send(request: StreamRequest): void {
        if (this.#socket?.readyState === WebSocket.OPEN) {
            this.#socket.send(JSON.stringify(request));
        }
    }
    #connect(): void {
        const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/stream`);
        this.#socket = socket;
        let opened = false;
        socket.onopen = () => {
            opened = true;
            for (const topic of this.#wishes.keys()) {
                this.#ask(topic);
            }
        };
        socket.onmessage = (event: MessageEvent<string>) => this.#take(event.data);
        socket.onclose = () => {
            if (this.#socket !== socket) {
                return;
            }
            this.#socket = null;
            this.#went_stale();
            if (!this.#running) {
                return;
            }
            if (!opened) {
                this.#lost();
            }
            const wait = retry_ms[Math.min(this.#tries++, retry_ms.length - 1)] ?? silent_ms;
            this.#retry = setTimeout(() => this.#connect(), wait);
        };
    }
    #take(text: string): void {
        const message = JSON.parse(text) as StreamMessage;
        this.#tries = 0;
        this.#heard_ms = Date.now();
        if (!this.live) {
            this.live = true;
            this.stale_since = null;
        }
        if ('error' in message.data) {
            return;  // the page's own GET shows it
        }
        const wish = this.#wishes.get(message.topic);
        if (wish !== undefined && message.request >= wish.request) {
            this.#waiting.set(message.topic, message.data);
            this.#plan_paint();
        }
    }
    #plan_paint(): void {
        if (this.#paint_planned) {
            return;
        }
        this.#paint_planned = true;
        const wait = Math.max(0, this.#painted_ms + repaint_ms - performance.now());
        setTimeout(() => requestAnimationFrame(() => {
            this.#paint_planned = false;
            this.#painted_ms = performance.now();
            ++this.repaints;
            for (const [topic, data] of this.#waiting) {
                this.#wishes.get(topic)?.show(data as never);
            }
            this.#waiting.clear();
        }), wait);
    }
    #look(): void {
        if (this.live && Date.now() - this.#heard_ms > silent_ms) {
            this.#went_stale();
        }
    }
    #went_stale(): void {
        this.live = false;
        if (this.stale_since === null && this.#heard_ms !== 0) {
            this.stale_since = this.#heard_ms;
        }
    }
}

export const stream = new Stream();
