// A stand-in for fairlead-desk that answers by its OpenAPI document, for work on the console without a gateway and
// for the console's own tests: 10,000 investors, load that moves by steps, two persons, halts. It keeps nothing,
// checks no real password, and is never installed.
// usage: node dev/mock.mjs [--port N] [--console DIRECTORY] [--investors N]    (prints its address)
import {createHash, randomBytes} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {dirname, extname, join, normalize} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const given = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : process.argv[at + 1];
};
const files = given('console', join(here, '../dist'));
const investors_wanted = Number(given('investors', 10_000));
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const idle_s = 900;

// --- time and text ---
const time_of = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 23) + '000000+08:00';
const now = () => time_of(Date.now());
const key12 = (number) => String(number).padStart(12, '0');
// A stream of numbers that is the same each time, so that pictures can be compared.
let seed = 42;
const random = (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
};

// --- state ---
let sequence = 812_000;
const record = () => ++sequence;
const users = new Map([
    ['risk.officer', {role: 'risk_officer', password: 'demo-risk.officer'}],
    ['risk.approver', {role: 'risk_approver', password: 'demo-risk.approver'}],
    ['operator', {role: 'operator', password: 'demo-operator'}],
    ['examiner', {role: 'examiner', password: 'demo-examiner'}],
    ['support', {role: 'trader_support', password: 'demo-support'}],
    ['nora', {role: 'risk_officer', password: 'Initial-Word-1', must_change: true}],
    ['acme.vendor', {role: 'vendor', password: 'demo-vendor', ends: time_of(Date.now() + 4 * 3_600_000)}],
].map(([name, user], at) => [name, {
    name, must_change: false, locked: name === 'support', disabled: false, age_days: [12, 81, 5, 40, 88, 0, 1][at], ends: '', totp: at === 1, ...user}]));
// As gateway/control/rights.cpp has it (shape.mjs holds the two side by side): -, 1 alone, 2 with a second person.
const roles = ['trader_support', 'operator', 'risk_officer', 'risk_approver', 'examiner', 'vendor'];
const rights = {
    status: '111111', limit_show: '1-111-', limit_set: '--1---', halt: '-111--', resume: '--2---',
    session_list: '111111', session_disconnect: '-1----', order_show: '11111-', stop: '-1----', day_close: '-1----',
    resolve: '-2----', fill_adjust: '--2---', journal_resume: '-2----', login: '111111', password_change: '111111',
    user_list: '-1111-', user_disable: '-111--', user_enable: '-2----', user_unlock: '-1----', user_reset: '-2----',
    logout: '111111', propose: '--1---', approve: '---1--', reject: '---1--', withdraw: '--1---',
    proposal_list: '1-111-', user_add: '-2----', user_set_role: '-2----', totp_enrol: '111111',
    totp_confirm: '111111', totp_remove: '-2----', review_list: '-1-11-', review_decide: '---1--',
    visit_list: '-1111-', visit_open: '-2----', visit_close: '-1-1--', visit_sign: '---1--', reload: '-1----',
};
const right_of = (role, verb) => rights[verb][roles.indexOf(role)];
const sessions_of_people = new Map();  // cookie -> {user, csrf}

const dimensions = ['buy', 'sell', 'gross_day', 'net', 'offset'];
const million = 1_000_000n;
const investors = Array.from({length: investors_wanted}, (_, at) => {
    const limit = BigInt([20, 20, 50, 100, 2000][random(5)]) * million;
    const full = at % 97 === 0 ? 900 + random(90) : at % 31 === 0 ? 780 + random(120) : at % 7 === 0 ? 480 + random(200) : random(470);
    return {
        id: `INV${String(at).padStart(7, '0')}`, halted: false, slow: at % 1999 === 3, orders: random(900), refused: at % 5 === 0 ? random(20) : 0,
        open: random(9), in_doubt: at === 17 ? 1 : 0, used: {buy: limit * BigInt(full) / 1000n, sell: limit * BigInt(random(300)) / 1000n},
        limit: {buy: limit, sell: limit, gross_day: limit * 2n, net: limit, offset: limit / 2n}, version: 3,
        set: {user: '', approver: '', reason: 'opening limits', expires_at: null},
    };
});
const by_id = new Map(investors.map((investor) => [investor.id, investor]));
const history = new Map();
const exposures = new Map();
const proposals = [];
let halts = [];
const orders = [];
const reasons = [
    ['credit_buy', 'The buy limit would be exceeded.', '超過買進額度。'],
    ['price_above_limit', "The price is above the day's upper limit.", '價格高於漲停價。'],
    ['quantity_not_lot', 'The quantity must be whole board lots.', '委託數量須為交易單位之整數倍。'],
    ['price_not_tick', 'The price is not on a tick of this security.', '價格非升降單位之整數倍。'],
    ['duplicate_client_order_id', 'This ClOrdID has been used by this session today.', '委託書編號 (ClOrdID) 重複。'],
].map(([reason, text, text_zh]) => ({reason, text, text_zh, today: 20 + random(90), last_minute: random(9)}));
const symbols = [['2330', '1005'], ['2317', '198.5'], ['1101', '33.2'], ['8081', '285.5'], ['0050', '182.35']];
const series = [];
const began = Date.now();
let accepted = 41_000;
let rate = 0;

const open_proposals = () => proposals.filter((row) => row.state === 'open');

function used_of(investor, dimension) {
    const {buy, sell} = investor.used;
    switch (dimension) {
        case 'buy': return buy;
        case 'sell': return sell;
        case 'gross_day': return buy + sell;
        case 'net': return buy > sell ? buy - sell : sell - buy;
        default: return 0n;
    }
}
function usage_of(investor) {
    return dimensions.map((dimension) => {
        const limit = investor.limit[dimension];
        const used = used_of(investor, dimension);
        return {
            dimension, used: String(used), limit: limit === null ? 'unlimited' : String(limit), given: true, version: investor.version,
            permille: limit === null ? null : limit === 0n ? (used > 0n ? 9999 : 0) : Number(used * 1000n / limit > 9999n ? 9999n : used * 1000n / limit)};
    });
}
function state_of(investor, permille) {
    return investor.halted ? 'halted' : investor.slow ? 'slow' : permille >= 950 ? 'warn95' : permille >= 800 ? 'warn80' : permille >= 500 ? 'warn50' : 'ok';
}
function row_of(investor) {
    const usage = usage_of(investor);
    const permille = Math.max(...usage.map((one) => one.permille ?? 0));
    return {id: investor.id, state: state_of(investor, permille), permille, usage, open_orders: investor.open, orders: investor.orders, refused: investor.refused, in_doubt: investor.in_doubt};
}
function stopped(investor) {
    return investor.halted || halts.some((halt) => halt.scope === 'firm');
}
function order_of(investor, refused) {
    const [symbol, price] = symbols[random(symbols.length)];
    const number = record();
    const lots = 1 + random(9);
    const filled = refused ? 0 : 1000 * random(lots + 1);
    return {
        order: key12(number), at: now(), investor: investor.id, account: `8610-${investor.id.slice(3)}`, symbol, side: random(2) === 0 ? 'buy' : 'sell', order_type: 'limit',
        time_in_force: 'rod', session_kind: 'regular', price, ordered: lots * 1000, leaves: refused ? 0 : lots * 1000 - filled, filled, filled_amount: '0',
        status: refused ? 'refused' : filled === 0 ? 'new' : filled === lots * 1000 ? 'filled' : 'partially_filled', open: !refused && filled < lots * 1000, in_doubt: false,
        reason: refused ? 'credit_buy' : 'none', reason_text: refused ? reasons[0].text : '', reason_text_zh: refused ? reasons[0].text_zh : '', venue: symbol === '8081' ? 'TPEx' : 'TWSE',
        client_order_id: `L2BCE-${String(number).slice(-6)}`, order_number: refused ? '' : `A${String(number % 10_000).padStart(4, '0')}`, session: 1 + random(4), line: symbol === '8081' ? 102 : 101,
        wait_ns: refused ? null : 8_000 + random(30_000)};
}
// One step of load, four a second: some investors' orders come in, usage rises.
function step() {
    let sent = 0;
    let refused = 0;
    for (let at = 0; at < 120; ++at) {
        const investor = investors[at < 20 ? at : random(investors.length)];
        const over = investor.used.buy + 400_000n > (investor.limit.buy ?? 10n ** 15n) || stopped(investor);
        orders.unshift(order_of(investor, over));
        if (over) {
            ++investor.refused;
            ++refused;
            halts.forEach((halt) => { halt.refused_since += halt.scope === 'firm' || halt.key === investor.id ? 1 : 0; });
        } else {
            investor.used.buy += BigInt(20_000 + random(20_000));
            investor.used.sell += BigInt(random(9_000));
            ++investor.orders;
            ++sent;
        }
    }
    orders.length = Math.min(orders.length, 5000);
    accepted += sent * 40;
    rate = sent * 4 * 40;
    const second = Math.floor(Date.now() / 1000);
    const last = series.at(-1);
    if (last?.epoch_s === second) {
        last.orders += sent * 40;
        last.refused += refused * 4;
    } else {
        series.push({epoch_s: second, orders: sent * 40, refused: refused * 4});
        if (series.length > 300) {
            series.shift();
        }
    }
    record();
}
for (let back = 240; back > 0; --back) {
    series.push({epoch_s: Math.floor(began / 1000) - back, orders: 15_000 + Math.round(4000 * Math.sin(back / 17)) + random(1500), refused: 60 + random(60)});
}

function overview() {
    const states = {total: investors.length, ok: 0, warn50: 0, warn80: 0, warn95: 0, slow: 0, halted: 0};
    for (const investor of investors) {
        const permille = investor.limit.buy === null ? 0 : Number(investor.used.buy * 1000n / (investor.limit.buy || 1n));
        ++states[state_of(investor, permille)];
    }
    return {
        at: now(), sequence,
        gateway: {
            state: 'running', since: time_of(began - 3_600_000), trading_date: now().slice(0, 10), day_open: true, level: 'process', firm_halted: halts.some((halt) => halt.scope === 'firm'),
            roads: ['TWSE', 'TPEx'].map((venue) => {
                const shut = halts.some((halt) => halt.scope === 'firm' || (halt.scope === 'venue' && halt.key === venue));
                return {venue, open: !shut, reason: shut ? 'venue_halted' : 'none', text: shut ? 'The broker has stopped all new orders.' : '', text_zh: shut ? '券商已暫停全部新委託。' : ''};
            })},
        orders: {accepted, refused: 2212, commands: accepted + 11_000, open: 310, in_doubt: 1, executions: 30_110},
        rate: {orders_per_second: rate, peak_per_second: 20_110, series},
        latency: {window_s: 60, count: 1_100_000, p50_ns: 8900, p90_ns: 14_000, p99_ns: 41_000, p999_ns: 120_000, max_ns: 900_000},
        refusals: reasons,
        lines: [101, 102].map((line) => ({line, venue: line === 101 ? 'TWSE' : 'TPEx', up: true, since: time_of(began - 3_000_000), sent: line === 101 ? 31_000 : 10_000, waiting: 0})),
        sessions: {up: 4, known: 5},
        fairness: {window_s: 60, commands: 1_100_000, races: 6100, inversions: 0, worst_ns: 0, worst_record: null, out_of_turn: 0},
        journal: {published: sequence, synced: sequence - 45, behind: 45, followed: sequence, records_per_second: 91_000},
        checkpoint: {sequence: sequence - 300, at: time_of(Date.now() - 4000), age_s: 4, tree_size: sequence - 300, root: 'q1Zk5Fz0mC0rW1v7Qm8Jw0b7bUe0O0c2cH1oJm5QmXk='},
        incidents: [{sequence: 811_002, at: time_of(began - 600_000), kind: 'device_event', severity: 'warning', text: 'Line 102 was down for 3.2 s', text_zh: '線路 102 中斷 3.2 秒'}],
        investors: states, proposals_open: open_proposals().length, halts: halts.length, desk: {ready: true, behind: 0, error: null}};
}
function investor_page(query) {
    const order = {ok: 0, warn50: 1, warn80: 2, warn95: 3, slow: 4, halted: 5};
    const keys = {
        id: (row) => row.id, permille: (row) => row.permille, used: (row) => Number(row.usage[0].used), open_orders: (row) => row.open_orders, orders: (row) => row.orders,
        refused: (row) => row.refused, state: (row) => order[row.state]};
    const sort = query.sort || 'id';
    const key = keys[sort.replace('-', '')] ?? keys.id;
    let rows = investors.filter((investor) => !query.search || investor.id.includes(query.search.toUpperCase())).map(row_of);
    if (query.state) {
        rows = rows.filter((row) => query.state === 'warn' ? row.state !== 'ok' : row.state === query.state);
    }
    rows.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (sort.startsWith('-') ? -1 : 1) || (a.id < b.id ? -1 : 1));
    const offset = Number(query.offset ?? 0);
    return {at: now(), sequence, total: rows.length, offset, items: rows.slice(offset, offset + Number(query.limit ?? 100))};
}
function limits_of(investor) {
    return usage_of(investor).map((usage) => ({
        scope: 'investor', key: investor.id, dimension: usage.dimension, symbol: '', value: usage.limit, used: usage.used, permille: usage.permille, given: true,
        version: investor.version, set_at: time_of(began), ...investor.set}));
}
function history_of(investor) {
    if (!history.has(investor.id)) {
        history.set(investor.id, dimensions.map((dimension) => ({
            sequence: 3, at: time_of(began), scope: 'investor', key: investor.id, dimension, symbol: '', value: String(investor.limit[dimension]),
            before: String(investor.limit[dimension] / 2n), user: 'risk.officer', approver: 'risk.approver', reason: 'quarterly review', kind: 'raised'})));
    }
    return history.get(investor.id);
}
function exposure_of(investor) {
    if (!exposures.has(investor.id)) {
        const points = 90;
        exposures.set(investor.id, Array.from({length: points}, (_, at) => {
            const share = BigInt(Math.round(1000 * Math.sqrt((at + 1) / points)) - random(30));
            const buy = investor.used.buy * share / 1000n;
            const sell = investor.used.sell * share / 1000n;
            const ms = began - (points - at) * 60_000;
            return {at: time_of(ms), epoch_s: Math.floor(ms / 1000), buy: String(buy), sell: String(sell), gross_day: String(buy + sell), net: String(buy > sell ? buy - sell : sell - buy)};
        }));
    }
    const value = (dimension) => String(used_of(investor, dimension));
    return [...exposures.get(investor.id), {at: now(), epoch_s: Math.floor(Date.now() / 1000), buy: value('buy'), sell: value('sell'), gross_day: value('gross_day'), net: value('net')}];
}
function investor_detail(id) {
    const investor = by_id.get(id);
    if (investor === undefined) {
        return null;
    }
    const own = orders.filter((order) => order.investor === id);
    const row = row_of(investor);
    const value = (dimension) => String(used_of(investor, dimension));
    return {
        at: now(), sequence, id, state: row.state, halted: investor.halted, usage: row.usage, limits: limits_of(investor),
        accounts: [{account: `8610-${id.slice(3)}`, branch: '8610', own: false, halted: false, executed_buy: value('buy'), executed_sell: value('sell'), open_buy: '0', open_sell: '0', usage: row.usage}],
        open_orders: own.filter((order) => order.open).slice(0, 200), open_count: own.filter((order) => order.open).length,
        refused: own.filter((order) => order.status === 'refused').slice(0, 50).map((order) => ({
            sequence: Number(order.order), at: order.at, order: order.order, account: order.account, symbol: order.symbol, side: order.side, quantity: order.ordered, price: order.price,
            client_order_id: order.client_order_id, reason: 'credit_buy', text: reasons[0].text, text_zh: reasons[0].text_zh,
            credit: {scope: 'investor', dimension: 'buy', used_before: value('buy'), used_after: String(investor.used.buy + 400_000n), limit: row.usage[0].limit, version: investor.version, by: investor.set.user, approver: investor.set.approver}})),
        refused_count: investor.refused, limit_history: history_of(investor), exposure: exposure_of(investor)};
}
function order_page(query) {
    const search = (query.search ?? '').toUpperCase();
    const rows = orders.filter((order) => (!query.investor || order.investor === query.investor) &&
        (!search || [order.order, String(Number(order.order)), order.client_order_id, order.order_number, order.account, order.symbol, order.investor].some((text) => text.toUpperCase().includes(search))) &&
        (!query.status || (query.status === 'open' ? order.open : query.status === 'in_doubt' ? order.in_doubt : order.status === query.status)));
    const offset = Number(query.offset ?? 0);
    return {at: now(), sequence, total: rows.length, offset, items: rows.slice(offset, offset + Number(query.limit ?? 100)), kept: 200_000};
}
const check_names = [['road_open', '委託通路'], ['halted', '暫停交易'], ['session_account', '連線與帳號'], ['security_known', '證券代號'], ['quantity', '委託數量'], ['tick', '升降單位'],
    ['price_limit', '漲跌停'], ['order_value', '單筆委託金額'], ['credit_investor', '投資人額度'], ['credit_firm', '公司額度']];
function order_detail(number) {
    const order = orders.find((one) => Number(one.order) === Number(number));
    if (order === undefined) {
        return null;
    }
    const refused = order.status === 'refused';
    const trail = {sequence: Number(order.order), at: order.at, event: 'new_order', event_zh: '新委託', detail: '', detail_zh: '', reason: order.reason, user: 'client01', approver: '', session: order.session,
        line: order.line, quantity: order.ordered, price: order.price, leaves: order.ordered, filled: 0, last_quantity: 0, last_price: '0'};
    return {
        order, outcome: refused ? 'refused' : 'accepted', reason: order.reason, text: order.reason_text, text_zh: order.reason_text_zh,
        checks: check_names.map(([check, zh], at) => ({check, text: check.replaceAll('_', ' '), text_zh: zh, verdict: !refused || at < 8 ? 'passed' : at === 8 ? 'refused' : 'not_reached'})),
        credit: null, trail: [trail, ...(order.filled > 0 ? [{...trail, sequence: trail.sequence + 9, event: 'fill', event_zh: '成交', leaves: order.leaves, filled: order.filled, last_quantity: order.filled, last_price: order.price}] : [])],
        trail_cut: false};
}
function session_page() {
    const items = [1, 2, 3, 4, 5].map((id) => ({
        id, side: 'client', venue: '', sender: `CLIENT0${id}`, target: 'FAIRLEAD', user: `client0${id}`, up: id !== 5, since: time_of(began - 1000 * id), address: '127.0.0.1', next_in: 120 + id, next_out: 240 + id,
        logons: 1, refused_logons: id === 5 ? 2 : 0, last_event: id === 5 ? 'logout' : 'logon accepted', last_event_zh: id === 5 ? '登出' : '登入成功', halted: halts.some((halt) => halt.scope === 'session' && halt.key === String(id))}));
    const lines = [101, 102].map((id) => ({
        id, side: 'venue', venue: id === 101 ? 'TWSE' : 'TPEx', sender: 'F8610', target: id === 101 ? 'TWSE' : 'TPEX', user: '', up: true, since: time_of(began - 3_000_000), address: '127.0.0.1', next_in: 41_000, next_out: 41_050,
        logons: 1, refused_logons: 0, last_event: 'logon accepted', last_event_zh: '登入成功', halted: false}));
    return {at: now(), sequence, items: [...lines, ...items], logins: items.map((row) => ({sequence: 10 + row.id, at: row.since, session: row.id, user: row.user, address: row.address, event: row.last_event, event_zh: row.last_event_zh, accepted: row.up}))};
}
function proposal_page(query, user) {
    const rows = proposals.filter((row) => query.state === 'all' || row.state === 'open').map((row) => ({...row, own: row.user === user}));
    const offset = Number(query.offset ?? 0);
    return {at: now(), sequence, total: rows.length, offset, items: rows.slice(offset, offset + Number(query.limit ?? 100))};
}
function halt_page() {
    return {at: now(), sequence, items: halts};
}
function topic(name, request, {name: user, role}) {
    const verb = {investors: 'limit_show', investor: 'limit_show', orders: 'order_show', sessions: 'session_list', proposals: 'proposal_list'}[name] ?? 'status';
    if (right_of(role, verb) === '-') {
        return {error: 'no_right', text: `${role} has no right to this topic`, sequence: null};
    }
    switch (name) {
        case 'overview': return overview();
        case 'investors': return investor_page(request.investors ?? {});
        case 'investor': return investor_detail(request.investor) ?? {error: 'not_found', text: 'There is no such investor.', sequence: null};
        case 'orders': return order_page(request.orders ?? {});
        case 'proposals': return proposal_page({}, user);
        case 'sessions': return session_page();
        default: return halt_page();
    }
}

// --- acts ---
class Refused extends Error {
    constructor(status, error, text, number = null) {
        super(text);
        this.status = status;
        this.body = {error, text, sequence: number};
    }
}
const units = (text) => BigInt(String(text).split('.')[0]);
function put_limit(investor, dimension, value, names) {
    const before = investor.limit[dimension];
    const next = value === 'unlimited' ? null : units(value);
    const kind = next === before ? 'same' : next === null || (before !== null && next > before) ? 'raised' : 'lowered';
    investor.limit[dimension] = next;
    investor.version = record();
    investor.set = {expires_at: null, ...names};
    history_of(investor).unshift({sequence: investor.version, at: now(), scope: 'investor', key: investor.id, dimension, symbol: '', value: String(value), before: before === null ? 'unlimited' : String(before),
        user: names.user, approver: names.approver, reason: names.reason, kind});
    return investor.version;
}
function propose(user, fields, batch = null) {
    const number = record();
    proposals.unshift({
        proposal: number, at: now(), user, act: 'limit_set', state: 'open', scope: 'investor', key: '', dimension: '', symbol: '', value: null, current: null, used: null, reason: '', effective_at: null, expires_at: null,
        batch, batch_size: 1, closed_at: null, closed_by: '', closed_reason: '', closed_sequence: null, ...fields});
    return number;
}
const full_time = (text) => text === undefined ? null : text.replace(/(:[0-9]{2})\+08:00$/, '$1.000000000+08:00');
function set_limit(user, body) {
    const investor = by_id.get(body.key);
    if (body.scope !== 'investor' || investor === undefined) {
        throw new Refused(422, 'bad_field', `key "${body.key}": no such investor.`);
    }
    const before = investor.limit[body.dimension];
    const raises = body.value === 'unlimited' || (before !== null && units(body.value) > before);
    if (!raises) {
        return {sequence: put_limit(investor, body.dimension, body.value, {user, approver: '', reason: body.reason}), text: '', proposal: null, result: 'done'};
    }
    const number = propose(user, {
        key: body.key, dimension: body.dimension, value: body.value, current: before === null ? 'unlimited' : String(before), used: String(used_of(investor, body.dimension)), reason: body.reason,
        expires_at: full_time(body.expires_at), effective_at: full_time(body.effective_at)});
    return {sequence: number, text: 'waits for a second person', proposal: number, result: 'proposed'};
}
function decide(user, number, verdict, body) {
    const row = proposals.find((one) => one.proposal === number);
    const members = proposals.filter((one) => one.state === 'open' && (one.proposal === number || one.batch === number));
    const wrong = row === undefined ? 'proposal: not known, or settled long ago'
        : row.state !== 'open' ? 'proposal: has been answered already'
        : verdict === 'withdraw' && row.user !== user ? 'proposal: only who has made it may withdraw it'
        : verdict !== 'withdraw' && row.user === user ? 'proposal: must be answered by another person than who has made it'
        : body.batch !== undefined && members.length !== body.batch ? 'batch: has not so many open proposals any more, look at it again'
        : '';
    if (wrong !== '') {
        throw new Refused(409, 'refused', wrong, record());
    }
    const closed = record();
    for (const one of body.batch === undefined ? [row] : members) {
        Object.assign(one, {state: {approve: 'approved', reject: 'rejected', withdraw: 'withdrawn'}[verdict], closed_at: now(), closed_by: user, closed_reason: body.reason ?? '', closed_sequence: closed});
        if (verdict === 'approve' && one.act === 'limit_set') {
            put_limit(by_id.get(one.key), one.dimension, one.value, {user: one.user, approver: user, reason: one.reason, expires_at: one.expires_at});
        } else if (verdict === 'approve') {
            halts = halts.filter((halt) => halt.scope !== one.scope || halt.key !== one.key);
            const investor = by_id.get(one.key);
            if (one.scope === 'investor' && investor !== undefined) {
                investor.halted = false;
            }
        } else {
            halts.forEach((halt) => { halt.resume_proposal = halt.resume_proposal === one.proposal ? null : halt.resume_proposal; });
        }
    }
    return {sequence: closed, text: '', proposal: number, result: 'done'};
}
function halt(user, body) {
    const key = body.key ?? '';
    if (body.scope === 'investor') {
        const investor = by_id.get(key);
        if (investor === undefined) {
            throw new Refused(422, 'bad_field', `key "${key}": no such investor.`);
        }
        investor.halted = true;
    }
    const number = record();
    halts.unshift({
        sequence: number, at: now(), scope: body.scope, key, user, reason: body.reason, cancel_open: body.cancel_open ?? false, open_then: 3, open_now: body.cancel_open ? 0 : 3, in_doubt_now: 0, last_new_out: null,
        last_cancel_out: body.cancel_open ? now() : null, refused_since: 0, quiet: true, quiet_after_ns: body.cancel_open ? 412_000 : 0, resume_proposal: null});
    return {sequence: number, text: '', proposal: null, result: 'done'};
}
function resume(user, body) {
    const row = halts.find((one) => one.scope === body.scope && one.key === (body.key ?? ''));
    if (row === undefined) {
        throw new Refused(409, 'refused', 'There is no such halt in force.', record());
    }
    row.resume_proposal = propose(user, {act: 'resume', scope: body.scope, key: body.key ?? '', reason: body.reason});
    return {sequence: row.resume_proposal, text: 'waits for a second person', proposal: row.resume_proposal, result: 'proposed'};
}
function batch(user, body) {
    const lines = body.csv.trim().split('\n').slice(1);
    const errors = [];
    const changes = [];
    lines.forEach((line, at) => {
        const [scope, key, dimension, symbol, value, expires] = line.split(',').map((cell) => cell.trim());
        const investor = by_id.get(key);
        if (scope !== 'investor' || investor === undefined || !dimensions.includes(dimension) || !/^[0-9]+(\.[0-9]{1,4})?$|^unlimited$/.test(value ?? '')) {
            const field = investor === undefined ? 'key' : dimensions.includes(dimension) ? 'value' : 'dimension';
            errors.push({line: at + 2, field, text: `${field} "${{key, dimension, value}[field]}": ${field === 'key' ? 'no such investor' : 'not one of those allowed'}.`});
            return;
        }
        const before = investor.limit[dimension];
        const next = value === 'unlimited' ? null : units(value);
        const used = used_of(investor, dimension);
        changes.push({
            line: at + 2, scope, key, dimension, symbol, value, current: before === null ? 'unlimited' : String(before), used: String(used), over: next !== null && used > next, expires_at: full_time(expires || undefined), proposal: null,
            change: next === before ? 'same' : next === null || (before !== null && next > before) ? 'raise' : 'lower'});
    });
    const count = (what) => changes.filter((row) => row.change === what).length;
    const answer = {applied: false, batch: null, raises: count('raise'), lowers: count('lower'), same: count('same'), over: changes.filter((row) => row.over).length, changes, errors};
    if (body.apply && errors.length === 0) {
        answer.applied = true;
        for (const row of changes.filter((one) => one.change === 'raise')) {
            row.proposal = propose(user, {key: row.key, dimension: row.dimension, value: row.value, current: row.current, used: row.used, reason: body.reason, expires_at: row.expires_at});
            answer.batch ??= row.proposal;
        }
        proposals.filter((row) => changes.some((change) => change.proposal === row.proposal)).forEach((row) => Object.assign(row, {batch: answer.batch, batch_size: answer.raises}));
        changes.filter((row) => row.change === 'lower').forEach((row) => put_limit(by_id.get(row.key), row.dimension, row.value, {user, approver: '', reason: body.reason}));
    }
    return answer;
}
function user_act(name, what, body) {
    const user = users.get(name);
    if (user === undefined) {
        throw new Refused(404, 'not_found', `user "${name}": there is none.`);
    }
    Object.assign(user, {disable: {disabled: true}, enable: {disabled: false}, unlock: {locked: false}, 'reset-password': {must_change: true}, role: {role: body.role}}[what]);
    return {sequence: record(), text: '', initial_password: what === 'reset-password' ? 'Wq7-tb2K-9fLs-x4Zp' : null};
}
const visits = [{
    id: 'acme.vendor', vendor: 'acme.vendor', ticket: 'CHG-2214', reason: 'look at line 102', opened_by: 'operator', approver: 'risk.approver', opened_at: time_of(began - 900_000),
    until: time_of(began + 7_200_000), closed_by: '', closed_at: null, signed_off_by: '', signed_off_at: null, finding: '', overdue: false}];
const reviews = [...users.values()].map((user, at) => ({
    id: user.name, user: user.name, role: user.role, half_year: '202607', used_at: time_of(began - 7_200_000), overdue: at === 4, decision: 'open', by: '', decided_at: null}));

// --- HTTP ---
const me_of = (user, csrf) => ({
    user: user.name, role: user.role, must_change: user.must_change, csrf, idle_s, rights: Object.keys(rights).filter((verb) => right_of(user.role, verb) !== '-')});
// What a request asks the gateway for; undefined: nothing that takes a right.
function verb_of(method, first, second, third, body) {
    if (method === 'GET') {
        return {overview: 'status', halts: 'status', investors: 'limit_show', limits: 'limit_show', orders: 'order_show', sessions: 'session_list', proposals: 'proposal_list', users: 'user_list',
            reviews: 'review_list', visits: 'visit_list'}[first];
    }
    switch (first) {
        case 'me': return second === 'password' ? 'password_change' : body.code === undefined ? 'totp_enrol' : 'totp_confirm';
        case 'limits': return second !== 'batch' ? 'limit_set' : body.apply ? 'propose' : 'limit_show';
        case 'proposals': return third;
        case 'halts': return 'halt';
        case 'resumes': return 'propose';
        case 'users': return second === '' ? 'user_add' : {role: 'user_set_role', disable: 'user_disable', enable: 'user_enable', unlock: 'user_unlock', 'reset-password': 'user_reset'}[third];
        case 'reviews': return 'review_decide';
        case 'visits': return second === '' ? 'visit_open' : `visit_${third}`;
        default: return undefined;
    }
}
// The gateway's order: the person's right, then the second person, whose password may be wrong, and who may not approve.
function check_rights(user, verb, body) {
    if (rights[verb] === undefined) {
        return;
    }
    if (body.approver === user.name) {
        throw new Refused(422, 'bad_field', 'approver must be another person than user', record());
    }
    const right = right_of(user.role, verb);
    if (right === '-') {
        throw new Refused(403, 'no_right', `${user.role} has no right to ${verb}`, record());
    }
    if (body.approver) {
        const approver = users.get(body.approver);
        if (approver === undefined || approver.disabled || approver.password !== body.approver_password) {
            throw new Refused(401, 'bad_credentials', "the approver is unknown or the approver's password wrong", record());
        }
        if (approver.role !== 'risk_approver') {
            throw new Refused(403, 'no_right', `${body.approver} has no right to approve`, record());
        }
    } else if (right === '2') {
        throw new Refused(403, 'no_right', `${verb} needs an approver beside the user`, record());
    }
}
function answer_api(method, path, query, body, person, reply_headers) {
    const [, first = '', second = '', third = ''] = path.split('/').map(decodeURIComponent);
    const name = person?.user.name;
    const route = `${method} ${first}`;
    if (route === 'POST login') {
        const user = users.get(body.user);
        if (user === undefined || user.password !== body.password || user.disabled) {
            throw new Refused(401, 'bad_credentials', 'User or password is wrong.', record());
        }
        const cookie = randomBytes(32).toString('hex');
        const csrf = randomBytes(32).toString('hex');
        sessions_of_people.set(cookie, {user, csrf});
        reply_headers['Set-Cookie'] = `fairlead_session=${cookie}; HttpOnly; SameSite=Strict; Path=/`;
        return me_of(user, csrf);
    }
    const found = (value) => {
        if (value === null || value === undefined) {
            throw new Refused(404, 'not_found', `${first} "${second}": there is none.`);
        }
        return value;
    };
    if (person.user.must_change && first !== 'me' && first !== 'logout') {
        throw new Refused(403, 'must_change', 'the password must be changed before anything else');
    }
    check_rights(person.user, verb_of(method, first, second, third, body), body);
    switch (route) {
        case 'POST logout':
            sessions_of_people.delete(person.cookie);
            return undefined;
        case 'GET me':
            return me_of(person.user, person.csrf);
        case 'POST me':
            if (second === 'password') {
                if (person.user.password !== body.password) {
                    throw new Refused(401, 'bad_credentials', 'the user is unknown or the password wrong', record());
                }
                if (body.new_password.length < 12) {
                    throw new Refused(422, 'bad_field', 'new_password: at least 12 characters.');
                }
                Object.assign(person.user, {password: body.new_password, must_change: false, age_days: 0});
                sessions_of_people.delete(person.cookie);
                return {sequence: record(), text: '', proposal: null, result: 'done'};
            }
            return body.code === undefined
                ? {confirmed: false, secret: 'JBSWY3DPEHPK3PXP', uri: `otpauth://totp/Fairlead:${name}?secret=JBSWY3DPEHPK3PXP&issuer=Fairlead`, sequence: record()}
                : {confirmed: true, secret: null, uri: null, sequence: record()};
        case 'GET overview': return overview();
        case 'GET investors': return second === '' ? investor_page(query) : found(investor_detail(second));
        case 'GET orders': return second === '' ? order_page(query) : found(order_detail(second));
        case 'GET sessions': return session_page();
        case 'GET limits': {
            const rows = query.scope === 'firm'
                ? [{scope: 'firm', key: '', dimension: 'reported', symbol: '', value: '900000000000', used: '512345678900', permille: 569, given: true, version: 3, set_at: time_of(began), user: '', approver: '', reason: 'opening limits', expires_at: null}]
                : query.scope === 'investor' ? investors.filter((one) => !query.key || one.id === query.key).slice(0, 40).flatMap(limits_of) : [];
            const offset = Number(query.offset ?? 0);
            return {at: now(), sequence, total: rows.length, offset, items: rows.slice(offset, offset + Number(query.limit ?? 100))};
        }
        case 'POST limits': return second === 'batch' ? batch(name, body) : set_limit(name, body);
        case 'GET proposals': return proposal_page(query, name);
        case 'POST proposals': return decide(name, Number(second), third, body);
        case 'GET halts': return halt_page();
        case 'POST halts': return halt(name, body);
        case 'POST resumes': return resume(name, body);
        case 'GET users':
            return {items: [...users.values()].map((user) => ({
                name: user.name, role: user.role, state: user.disabled ? 'disabled' : user.must_change ? 'initial' : 'active', locked: user.locked, password_age_days: user.age_days,
                password_set: time_of(began - user.age_days * 86_400_000), used: time_of(began - 7_200_000), ends: user.ends, totp: user.totp}))};
        case 'POST users':
            if (second !== '') {
                return user_act(second, third, body);
            }
            users.set(body.name, {name: body.name, role: body.role, password: 'Wq7-tb2K-9fLs-x4Zp', must_change: true, locked: false, disabled: false, age_days: 0, ends: body.ends ?? '', totp: false});
            return {sequence: record(), text: '', initial_password: 'Wq7-tb2K-9fLs-x4Zp'};
        case 'GET visits': return {items: visits};
        case 'POST visits':
            if (second === '') {
                visits.unshift({
                    id: body.vendor, vendor: body.vendor, ticket: body.ticket, reason: body.reason, opened_by: name, approver: body.approver, opened_at: now(), until: full_time(body.until),
                    closed_by: '', closed_at: null, signed_off_by: '', signed_off_at: null, finding: '', overdue: false});
            } else {
                Object.assign(found(visits.find((one) => one.id === second)), third === 'sign' ? {signed_off_by: name, signed_off_at: now(), finding: body.reason} : {closed_by: name, closed_at: now()});
            }
            return {sequence: record(), text: '', proposal: null, result: 'done'};
        case 'GET reviews': return {items: reviews};
        case 'POST reviews': {
            const row = found(reviews.find((one) => one.id === second));
            Object.assign(row, {decision: body.decision === 'keep' ? 'kept' : 'removed', by: name, decided_at: now()});
            return {sequence: record(), text: '', proposal: null, result: 'done'};
        }
        default:
            throw new Refused(404, 'not_found', `path "${path}": there is none.`);
    }
}
function person_of(request) {
    const cookie = /(?:^|;\s*)fairlead_session=([0-9a-f]{64})/.exec(request.headers.cookie ?? '')?.[1];
    const found = cookie === undefined ? undefined : sessions_of_people.get(cookie);
    return found === undefined ? undefined : {...found, cookie};
}
const types = {'.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml'};
const server = createServer((request, reply) => {
    const url = new URL(request.url, 'http://desk');
    if (!url.pathname.startsWith('/api/v1/')) {
        const path = join(files, normalize(url.pathname === '/' ? '/index.html' : url.pathname));
        if (!path.startsWith(files) || !existsSync(path)) {
            reply.writeHead(404, {'Content-Security-Policy': policy}).end();
            return;
        }
        reply.writeHead(200, {'Content-Type': types[extname(path)] ?? 'application/octet-stream', 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff'}).end(readFileSync(path));
        return;
    }
    let text = '';
    request.on('data', (part) => { text += part; });
    request.on('end', () => {
        const headers = {'Content-Type': 'application/json', 'Cache-Control': 'no-store'};
        const path = url.pathname.slice('/api/v1'.length);
        const person = person_of(request);
        try {
            if (person === undefined && path !== '/login') {
                throw new Refused(401, 'not_logged_on', 'Log on first.');
            }
            if (request.method !== 'GET' && path !== '/login' && request.headers['x-fairlead-csrf'] !== person.csrf) {
                throw new Refused(403, 'csrf', 'X-Fairlead-Csrf is not that of the session.');
            }
            const said = answer_api(request.method, path, Object.fromEntries(url.searchParams), text === '' ? {} : JSON.parse(text), person, headers);
            reply.writeHead(said === undefined ? 204 : 200, headers).end(said === undefined ? undefined : JSON.stringify(said));
        } catch (wrong) {
            const refused = wrong instanceof Refused ? wrong : new Refused(422, 'bad_field', String(wrong));
            reply.writeHead(refused.status, headers).end(JSON.stringify(refused.body));
        }
    });
});

// --- WebSocket (RFC 6455): text frames, none fragmented, as browsers send short ones ---
const streams = new Set();
function frame(text) {
    const body = Buffer.from(text);
    const head = body.length < 126 ? Buffer.from([0x81, body.length]) : body.length < 65_536 ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255]) : Buffer.alloc(10);
    if (body.length >= 65_536) {
        head[0] = 0x81;
        head[1] = 127;
        head.writeBigUInt64BE(BigInt(body.length), 2);
    }
    return Buffer.concat([head, body]);
}
server.on('upgrade', (request, socket) => {
    const person = person_of(request);
    if (person === undefined) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
        return;
    }
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const stream = {socket, user: person.user, topics: new Set(), request: {}};
    streams.add(stream);
    let kept = Buffer.alloc(0);
    socket.on('data', (part) => {
        kept = Buffer.concat([kept, part]);
        while (kept.length >= 6) {
            const short = kept[1] & 127;
            const at = short === 126 ? 4 : 2;
            const length = short === 126 ? kept.readUInt16BE(2) : short;
            if (kept.length < at + 4 + length) {
                return;
            }
            const mask = kept.subarray(at, at + 4);
            const body = Buffer.from(kept.subarray(at + 4, at + 4 + length).map((byte, place) => byte ^ mask[place & 3]));
            const code = kept[0] & 15;
            kept = kept.subarray(at + 4 + length);
            if (code === 8) {
                socket.end();
                return;
            }
            if (code === 1) {
                const {subscribe = [], unsubscribe = [], ...pages} = JSON.parse(body.toString());
                subscribe.forEach((name) => stream.topics.add(name));
                unsubscribe.forEach((name) => stream.topics.delete(name));
                Object.assign(stream.request, pages);
            }
        }
    });
    socket.on('close', () => streams.delete(stream));
    socket.on('error', () => streams.delete(stream));
});
setInterval(() => {
    step();
    for (const stream of [...streams].filter((one) => !one.user.must_change)) {
        for (const name of stream.topics) {
            stream.socket.write(frame(JSON.stringify({topic: name, request: stream.request.request ?? 0, data: topic(name, stream.request, stream.user)})));
        }
    }
}, 250);
server.listen(Number(given('port', 0)), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
