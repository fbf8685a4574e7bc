// Rules of the console's pure parts: exact amounts, times, the long list's window, sorting, words.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {words} from '../../gateway/desk/console/src/i18n/words';
import {chart_place, compare, difference, grouped, spoken, text_of, typed_amount, units} from '../../gateway/desk/console/src/lib/money';
import {duration, from_input, moment, taipei, time_of_day} from '../../gateway/desk/console/src/lib/time';
import {missing_pages, Rows, sorted, visible} from '../../gateway/desk/console/src/lib/window';

test('amounts_are_grouped_and_keep_every_digit', () => {
    for (const [text, shown] of [
        ['0', '0'], ['999', '999'], ['1000', '1,000'], ['-1234567.5', '-1,234,567.5'], ['1234.0001', '1,234.0001'],
        ['922337203685477.5807', '922,337,203,685,477.5807'], ['unlimited', 'unlimited'], ['1e9', '1e9']] as const) {
        assert.equal(grouped(text), shown);
    }
    // A double would make 9007199254740992.9999 of it.
    assert.equal(grouped('9007199254740993.0001'), '9,007,199,254,740,993.0001');
});

test('an_amount_reads_back_as_it_was_written', () => {
    for (const text of ['0', '0.0001', '20000000', '-0.5', '-20000000.25', '9007199254740993.0001']) {
        assert.equal(text_of(units(text) ?? 0n), text);
    }
    for (const text of ['', 'unlimited', '1,000', '1.00001', '+1', '.5', '1.']) {
        assert.equal(units(text), null);
    }
});

test('amounts_compare_as_numbers_and_unlimited_is_above_all', () => {
    for (const [left, right, order] of [
        ['9', '10', -1], ['10', '9.9999', 1], ['10', '10', 0], ['10.0', '10', 0], ['-1', '0', -1], ['unlimited', '9223372036854775807', 1],
        ['1', 'unlimited', -1], ['unlimited', 'unlimited', 0], ['9007199254740993', '9007199254740992', 1]] as const) {
        assert.equal(compare(left, right), order, `${left} ${right}`);
    }
});

test('a_difference_is_exact_and_signed', () => {
    assert.equal(difference('20000000', '30000000'), '+10,000,000');
    assert.equal(difference('30000000', '20000000.5'), '-9,999,999.5');
    assert.equal(difference('0.1', '0.3'), '+0.2');
    assert.equal(difference('1', '1'), '0');
    assert.equal(difference('unlimited', '1'), null);
});

test('what_is_typed_becomes_an_amount_or_nothing', () => {
    for (const [typed, value] of [
        ['20000000', '20000000'], [' 20,000,000 ', '20000000'], ['1,000.50', '1000.5'], ['Unlimited', 'unlimited'], ['0', '0'],
        ['922337203685477.5807', '922337203685477.5807'],
        ['922337203685477.5808', null], ['2,00', null], ['2000,000', null], ['-5', null], ['1.00001', null], ['1e7', null], ['', null], ['20 000', null]] as const) {
        assert.equal(typed_amount(typed), value, typed);
    }
});

test('an_amount_is_said_so_that_a_zero_too_many_is_seen', () => {
    assert.equal(spoken('20000000', false), '20 million');
    assert.equal(spoken('20000000', true), '2,000 萬');
    assert.equal(spoken('200000000', true), '2 億');
    assert.equal(spoken('1234567890', false), '≈ 1.2345 billion');
    assert.equal(spoken('999', false), '');
    assert.equal(spoken('unlimited', true), '');
});

test('a_chart_gets_a_place_and_not_the_amount', () => {
    assert.equal(chart_place('20000000.9999'), 20_000_000);
    assert.equal(chart_place('unlimited'), null);
});

test('times_are_cut_and_never_converted', () => {
    const at = '2026-11-30T09:12:05.123456789+08:00';
    assert.equal(time_of_day(at), '09:12:05.123');
    assert.equal(time_of_day(at, 9), '09:12:05.123456789');
    assert.equal(time_of_day(at, 0), '09:12:05');
    assert.equal(time_of_day(null), '');
    assert.equal(moment(at), '2026-11-30 09:12:05');
    assert.equal(moment('2026-11-18T20:00:00Z', false), '2026-11-19 04:00');
    assert.equal(moment(''), '');
    assert.equal(taipei(Date.UTC(2026, 10, 30, 18, 0, 0)), '2026-12-01T02:00:00+08:00');
    assert.equal(from_input('2026-11-30T13:30'), '2026-11-30T13:30:00+08:00');
    assert.equal(from_input(''), '');
});

test('durations_have_the_unit_that_fits', () => {
    for (const [ns, text] of [[0, '0 ns'], [999, '999 ns'], [8900, '8.90 µs'], [41_000, '41.0 µs'], [120_000, '120 µs'], [4_200_000, '4.20 ms'], [65_000_000_000, '1.08 min']] as const) {
        assert.equal(duration(ns), text);
    }
    assert.equal(duration(null), '–');
});

test('the_window_holds_what_is_on_the_screen_and_never_more_than_there_is', () => {
    assert.deepEqual(visible(0, 600, 44, 10_000, 8), {first: 0, end: 22});
    assert.deepEqual(visible(44_000, 600, 44, 10_000, 8), {first: 992, end: 1022});
    assert.deepEqual(visible(439_400, 600, 44, 10_000, 8), {first: 9978, end: 10_000});
    assert.deepEqual(visible(0, 600, 44, 0, 8), {first: 0, end: 0});
    assert.deepEqual(visible(99_999, 600, 44, 10, 8), {first: 10, end: 10});
    assert.deepEqual(visible(-30, 600, 44, 3, 8), {first: 0, end: 3});
});

test('pages_that_are_not_there_are_asked_for_once', () => {
    const have = new Set([1]);
    assert.deepEqual(missing_pages({first: 95, end: 305}, 100, (page) => have.has(page)), [0, 2, 3]);
    assert.deepEqual(missing_pages({first: 100, end: 200}, 100, (page) => have.has(page)), []);
    assert.deepEqual(missing_pages({first: 0, end: 0}, 100, () => false), []);
});

test('rows_keep_their_place_and_those_behind_the_end_go', () => {
    const rows = new Rows<string>();
    rows.put(100, ['a', 'b'], 500);
    assert.equal(rows.at(101), 'b');
    assert.equal(rows.at(99), undefined);
    rows.put(0, ['z'], 101);
    assert.equal(rows.total, 101);
    assert.equal(rows.at(100), 'a');
    assert.equal(rows.at(101), undefined);
    rows.keep_near({first: 90, end: 100}, 5);
    assert.equal(rows.known, 1);
    rows.clear();
    assert.equal(rows.known + rows.total, 0);
});

test('sorting_is_stable_and_numbers_in_names_count', () => {
    const rows = [{n: 'line 10', v: 1}, {n: 'line 9', v: 1}, {n: 'line 1', v: 2}];
    assert.deepEqual(sorted(rows, (row) => row.n, false).map((row) => row.n), ['line 1', 'line 9', 'line 10']);
    assert.deepEqual(sorted(rows, (row) => row.v, true).map((row) => row.n), ['line 1', 'line 10', 'line 9']);
    assert.deepEqual(sorted(rows, (row) => row.v, false).map((row) => row.n), ['line 10', 'line 9', 'line 1']);
});

// --- words ---

const sources: string = process.env['FAIRLEAD_CONSOLE_SOURCES'] ?? '';

function files_of(folder: string): string[] {
    return readdirSync(folder, {withFileTypes: true}).flatMap((entry) =>
        entry.isDirectory() ? files_of(join(folder, entry.name)) : /\.(svelte|ts)$/.test(entry.name) ? [join(folder, entry.name)] : []);
}

test('every_word_is_said_in_both_languages_with_the_same_values', () => {
    const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort().join();
    for (const [word, [english, chinese]] of Object.entries(words)) {
        assert.ok(english.length > 0 && chinese.length > 0, word);
        assert.equal(values(chinese), values(english), word);
        // Simplified forms of the words used here, and mainland terms for them.
        assert.doesNotMatch(chinese, /买|卖|额|订|证|线|账|户|时|录|撤单|报单|仓位|屏幕|網絡|信息|數據|服務器|默認/, word);
    }
});

test('no_word_is_left_over_and_no_text_stands_outside_them', () => {
    const all = files_of(sources).filter((name) => !name.endsWith('words.ts')).map((name) => readFileSync(name, 'utf8')).join('\n');
    const families = ['state', 'dim', 'short', 'scope', 'role', 'side', 'type', 'kind', 'status', 'verdict', 'severity', 'level', 'gateway', 'change', 'pstate', 'account_state', 'reviews', 'visit_state'];
    const made = [...all.matchAll(/t\(`([a-z_.]+)\$\{/g)].map((found) => found[1] ?? '');
    for (const word of Object.keys(words)) {
        const used = all.includes(`'${word}'`) || families.includes(word.split('.')[0] ?? '') || made.some((start) => word.startsWith(start));
        assert.ok(used, `"${word}" is not used`);
    }
    for (const name of files_of(sources).filter((one) => one.endsWith('.svelte'))) {
        const markup = readFileSync(name, 'utf8').replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '');
        const texts = markup.replace(/\{[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*\}/g, '').matchAll(/>([^<>]*[A-Za-z]{3,}[^<>]*)</g);
        const outside = [...texts].map((found) => (found[1] ?? '').trim()).filter((text) => !['Fairlead', 'Esc', '/kbd'].includes(text) && !/^(?:p\d+|[\d.]+)$/.test(text));
        assert.deepEqual(outside, [], name);
    }
});

test('nothing_but_language_and_theme_is_kept_in_the_browser', () => {
    for (const name of files_of(sources)) {
        const text = readFileSync(name, 'utf8');
        const kept = [...text.matchAll(/localStorage|sessionStorage|indexedDB|document\.cookie/g)];
        assert.ok(kept.length === 0 || name.endsWith('lib/store.ts'), name);
    }
});

test('no_markup_carries_a_style_or_foreign_html', () => {
    for (const name of files_of(sources).filter((one) => one.endsWith('.svelte'))) {
        const text = readFileSync(name, 'utf8');
        assert.doesNotMatch(text, /\sstyle="|\{@html|https?:\/\/(?!www\.w3\.org)/, name);
    }
});

test('an_answer_to_an_older_choice_is_never_shown', async (context) => {
    const sent: {subscribe: string[]; request: number}[] = [];
    class Socket {
        static OPEN = 1;
        readyState = 1;
        onopen?: () => void;
        onmessage?: (event: {data: string}) => void;
        constructor() {
            last = this;
        }
        send(text: string) {
            sent.push(JSON.parse(text));
        }
        close() {}
    }
    let last: Socket | undefined;
    let paint: (() => void) | undefined;
    Object.assign(globalThis, {
        $state: <Value>(value: Value) => value, WebSocket: Socket, location: {protocol: 'http:', host: 'desk'},
        requestAnimationFrame: (act: () => void) => { paint = act; },
    });
    const {stream} = await import('../../gateway/desk/console/src/lib/stream.svelte');
    const shown: string[] = [];
    const painted = async () => {
        for (let turn = 0; turn < 200 && paint === undefined; ++turn) {
            await new Promise((done) => setTimeout(done, 5));
        }
        paint?.();
        paint = undefined;
    };
    const says = (request: number, data: string) => last?.onmessage?.({data: JSON.stringify({topic: 'investors', request, data: {rows: data}})});
    context.after(() => stream.stop());
    stream.start(() => {});
    stream.subscribe<{rows: string}>('investors', (page) => shown.push(page.rows), {sort: 'id'});
    last?.onopen?.();
    const first = sent.at(-1)?.request ?? 0;
    says(first, 'rising');
    await painted();
    assert.deepEqual(shown, ['rising']);
    says(first, 'rising, come but not painted');
    stream.turn('investors', {sort: '-id'});
    says(first, 'rising, on its way when it was asked');
    await painted();
    assert.deepEqual(shown, ['rising']);
    says((sent.at(-1)?.request ?? 0), 'falling');
    await painted();
    assert.deepEqual(shown, ['rising', 'falling']);
});
