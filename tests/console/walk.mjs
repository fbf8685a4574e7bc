// The console in a headless Chromium, driven as its people drive it: with a stand-in for the desk or with the real one
// under load. Everything is judged by what stands on the page; pictures are left in a directory to be looked at.
// usage: node walk.mjs ADDRESS PICTURES PROCESS_ID_OF_THE_DESK INVESTOR [few|many]     (PACKAGES: where playwright-core is)
import {mkdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';

const require = createRequire(join(process.env.PACKAGES ?? '.', 'package.json'));
const {chromium} = require('playwright-core');

const [, , address, pictures, desk_process, investor, size] = process.argv;
const patience = 180_000;  // for one thing to appear: only a hang ends it
const passwords = {'risk.officer': 'demo-risk.officer', 'risk.approver': 'demo-risk.approver', operator: 'demo-operator'};
const new_password = 'Ferry-Lantern-47-south';
const wrong = [];
mkdirSync(pictures, {recursive: true});

function hold(rule, good, seen = '') {
    console.log(`${good ? 'holds' : 'FAILS'}  ${rule}${good ? '' : `: ${seen}`}`);
    if (!good) {
        wrong.push(rule);
    }
}
const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu']});

// A person at a browser of their own. What the browser complains about is kept: there must be nothing but the answers
// 401 with which the desk says that nobody is logged on, and 4xx that a step expects.
async function person(language, scheme) {
    const context = await browser.newContext({viewport: {width: 1280, height: 800}, colorScheme: scheme, locale: language === 'zh' ? 'zh-TW' : 'en-GB', ignoreHTTPSErrors: true});
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()) && !/status of (401|403|409|422)/.test(message.text()) && !/WebSocket connection to .* failed/.test(message.text())) {
            complaints.push(message.text());
        }
    });
    page.on('pageerror', (error) => complaints.push(`${error} at ${page.url()}`));
    await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
    await page.goto(address);
    await page.waitForSelector('input[name=user]');
    return {context, page, complaints, language};
}
async function log_on({page}, user, password) {
    await page.fill('input[name=user]', user);
    await page.fill('input[name=password]', password);
    await page.click('form button.main');
}
const at_work = ({page}) => page.waitForSelector('nav a[aria-current]');
const to = async ({page}, place) => {
    await page.evaluate((hash) => { location.hash = hash; }, `#/${place}`);
};
// What the page shows has come from the desk.
const shown = async ({page}) => {
    await page.waitForSelector('#content h1', {state: 'attached'});
    await page.waitForSelector('#content [aria-busy]', {state: 'detached'});
    await page.waitForTimeout(600);
};
const picture = ({page, language}, name, whole = false) => page.screenshot({path: `${pictures}/${name}-${language}.png`, fullPage: whole});
const text_of = (page, selector) => page.locator(selector).first().innerText();
async function note(page, pattern) {
    const found = page.locator('.notes .said', {hasText: pattern});
    await found.last().waitFor();
    return found.last().innerText();
}

// --- a new person: made by two, first password, forced change ---
const operator = await person('en', 'light');
await picture(operator, 'login');
await log_on(operator, 'operator', 'not the password');
await operator.page.waitForSelector('[role=alert]');
hold('a_wrong_password_is_told_and_nobody_is_on', await operator.page.locator('nav').count() === 0);
await log_on(operator, 'operator', passwords.operator);
await at_work(operator);
await to(operator, 'users');
await operator.page.waitForSelector('table tbody tr');
await operator.page.getByRole('button', {name: 'Add a user'}).first().click();
await operator.page.fill('dialog input[name=name]', 'nora');
await operator.page.selectOption('dialog select', 'risk_officer');
await operator.page.fill('dialog input[name=reason]', 'joined the desk');
await operator.page.fill('dialog input[name=approver]', 'risk.approver');
await operator.page.fill('dialog input[name=approver_password]', passwords['risk.approver']);
await picture(operator, 'user-add');
await operator.page.click('dialog button.main');
const initial = (await text_of(operator.page, '.initial .mono')).trim();
hold('a_new_user_has_an_initial_password_shown_once', initial.length >= 12, initial);
await operator.page.waitForSelector('text=nora');
await picture(operator, 'users', true);

const nora = await person('en', 'light');
await log_on(nora, 'nora', initial);
await nora.page.waitForSelector('input[name=new_password]');
hold('an_initial_password_must_be_changed_before_anything_else', await nora.page.locator('nav').count() === 0);
await nora.page.fill('input[name=password]', initial);
await nora.page.fill('input[name=new_password]', new_password);
await nora.page.fill('input[name=new_password_again]', new_password + 'x');
await nora.page.click('form button.main');
await nora.page.waitForSelector('[role=alert]');
await picture(nora, 'password');
await nora.page.fill('input[name=new_password_again]', new_password);
await nora.page.click('form button.main');
await Promise.race([at_work(nora), nora.page.waitForSelector('input[name=user]')]);
if (await nora.page.locator('input[name=user]').count() > 0) {
    await log_on(nora, 'nora', new_password);
    await at_work(nora);
}
hold('after_the_change_the_person_is_in', await nora.page.locator('nav').count() === 1);

// --- overview: live, at most four repaints a second ---
await nora.page.waitForSelector('[data-live=true]');
await nora.page.waitForSelector('[data-figure=accepted]');
const accepted = await text_of(nora.page, '[data-figure=accepted]');
await nora.page.waitForFunction((before) => document.querySelector('[data-figure=accepted]')?.textContent !== before, accepted);
hold('figures_move_while_load_runs', true);
const gaps = await nora.page.evaluate(() => new Promise((done) => {
    const at = [];
    const seen = new MutationObserver(() => {
        at.push(performance.now());
        if (at.length === 12) {
            seen.disconnect();
            done(at.slice(1).map((time, place) => time - at[place]));
        }
    });
    seen.observe(document.querySelector('header .chips'), {subtree: true, childList: true, characterData: true, attributes: true});
    seen.observe(document.querySelector('#content'), {subtree: true, childList: true, characterData: true, attributes: true});
}));
// Counted from the first to the last, less one at each end: when a single one is seen, the browser decides.
const repaints = gaps.filter((gap) => gap > 40).length;
const taken = gaps.reduce((sum, gap) => sum + gap, 0);
hold('never_more_than_four_repaints_a_second', repaints > 3 && taken >= (repaints - 1) * 250 - 250, `${repaints} in ${Math.round(taken)} ms`);
await picture(nora, 'overview', true);

// --- investors: a long list, drawn row by row ---
await to(nora, 'investors');
await nora.page.waitForSelector('tbody tr.of-list a');
const total = Number((await text_of(nora.page, 'h1 .count')).replace(/[^0-9]/g, ''));
hold('all_investors_are_in_the_list', size === 'many' ? total >= 10_000 : total > 20, total);
await picture(nora, 'investors');
const frames = await nora.page.evaluate(async () => {
    const box = document.querySelector('.long');
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const seen = {frames: 0, most_rows: 0, bare: 0};
    const step = Math.max(44, Math.floor(box.scrollHeight / 120));
    for (let at = 0; at < 120; ++at) {
        box.scrollTop = at * step;
        await frame();
        await frame();
        ++seen.frames;
        const rows = [...box.querySelectorAll('tr.of-list')];
        seen.most_rows = Math.max(seen.most_rows, rows.length);
        const first = Number(rows[0]?.dataset.place ?? -1);
        const last = Number(rows.at(-1)?.dataset.place ?? -1);
        const total_rows = Number(box.querySelector('table').getAttribute('aria-rowcount')) - 1;
        const top = Math.floor(box.scrollTop / 44);
        const bottom = Math.min(total_rows - 1, Math.floor((box.scrollTop + box.clientHeight - 46) / 44));
        seen.bare += first <= top && last >= bottom ? 0 : 1;
    }
    return seen;
});
hold('each_frame_of_a_scroll_through_the_whole_list_is_full_of_rows', frames.frames === 120 && frames.bare === 0, JSON.stringify(frames));
hold('only_rows_on_the_screen_exist', frames.most_rows > 0 && frames.most_rows < 60, frames.most_rows);
await nora.page.waitForFunction(() => {
    const rows = [...document.querySelectorAll('tr.of-list')];
    return rows.length > 0 && rows.every((row) => row.querySelector('a') !== null);
});
hold('rows_scrolled_to_are_filled', true);
await nora.page.fill('input[type=search]', investor);
await nora.page.waitForFunction((id) => {
    const links = [...document.querySelectorAll('tr.of-list a')];
    return links.length === 1 && links[0].textContent === id;
}, investor);
hold('the_filter_finds_one_investor', true);
await nora.page.fill('input[type=search]', '');
await nora.page.getByRole('button', {name: 'Investor', exact: false}).first().click();
await nora.page.waitForSelector('th[aria-sort=descending]');
const in_order = (down) => nora.page.waitForFunction((falls) => {
    const names = [...document.querySelectorAll('tr.of-list a')].map((link) => link.textContent);
    return names.length > 5 && names.every((name, at) => at === 0 || (falls ? names[at - 1] > name : names[at - 1] < name));
}, down);
const first_row = () => nora.page.locator('tr.of-list a').first().innerText();
await in_order(true);
const highest = await first_row();
await nora.page.getByRole('button', {name: 'Investor', exact: false}).first().click();
await in_order(false);
hold('a_column_sorts_both_ways', (await first_row()) < highest, `${await first_row()} ${highest}`);

// --- one investor: usage moves, lowering alone, raising with a second person ---
await to(nora, `investors/${investor}`);
const row = 'tr[data-dimension=buy]';
const used = `${row} [data-figure=used]`;
await nora.page.waitForSelector(used);
const used_before = await text_of(nora.page, used);
await nora.page.waitForFunction(([selector, before]) => document.querySelector(selector)?.textContent !== before, [used, used_before]);
hold('usage_moves_while_load_runs', true);
await picture(nora, 'investor', true);

const figure = (text) => BigInt(/[0-9,]+/.exec(text)?.[0].replaceAll(',', '') ?? '0');
async function set_limit(value, reason) {
    await nora.page.locator(`${row} button`).click();
    await nora.page.fill('dialog input[name=value]', value);
    await nora.page.fill('dialog input[name=reason]', reason);
}
const lowered = figure(await text_of(nora.page, used)) + 2_000_000n;
await set_limit(String(lowered), 'earnings week');
await nora.page.waitForSelector('dialog .said.good');
await picture(nora, 'limit-lower');
await nora.page.click('dialog button.main');
await note(nora.page, 'holds from the next order on');
await nora.page.waitForFunction(([selector, value]) => document.querySelector(selector)?.children[3]?.firstChild?.textContent?.trim().replace(/,/g, '') === value, [row, String(lowered)]);
hold('lowering_holds_at_once_and_by_one_person', true);
await nora.page.waitForSelector('.refusals li');
hold('the_limit_is_used_up_and_refusals_say_why', (await nora.page.locator('.refusals li').first().innerText()).length > 40);
await picture(nora, 'investor-full');

const raised = lowered * 10n;
await set_limit(String(raised), 'agreed with the client');
await nora.page.waitForSelector('dialog .said.warn');
await nora.page.fill('dialog input[name=expires]', await nora.page.evaluate(() => new Date(Date.now() + 8 * 3600e3 + 6 * 3600e3).toISOString().slice(0, 16)));
await picture(nora, 'limit-raise');
await nora.page.click('dialog button.main');
const proposed = /[0-9]+/.exec(await note(nora.page, 'second person must approve'))[0];
hold('raising_becomes_a_proposal', proposed !== undefined);
hold('a_proposal_changes_nothing_yet', figure(await nora.page.locator(`${row} td`).nth(2).innerText()) === lowered);
await to(nora, 'approvals');
const card = `article[data-proposal="${proposed}"]`;
await nora.page.waitForSelector(card);
hold('ones_own_proposal_cannot_be_approved', await nora.page.locator(`${card} button.main`).isDisabled());
hold('and_the_page_says_why', (await text_of(nora.page, card)).includes('another person must approve'));
await picture(nora, 'approvals-own');

const approver = await person('zh', 'dark');
await log_on(approver, 'risk.approver', passwords['risk.approver']);
await at_work(approver);
await to(approver, 'approvals');
await approver.page.waitForSelector(card);
await picture(approver, 'approvals');
await approver.page.click(`${card} button.main`);
await approver.page.fill('dialog input[name=reason]', '電話確認');
await picture(approver, 'approve');
await approver.page.click('dialog button.main');
await note(approver.page, '已核准');
await approver.page.waitForSelector(card, {state: 'detached'});
await to(nora, `investors/${investor}`);
await nora.page.waitForFunction(([selector, value]) => document.querySelector(selector)?.children[3]?.firstChild?.textContent?.trim().replace(/,/g, '') === value, [row, String(raised)]);
hold('approved_by_another_person_the_limit_is_raised', true);
const names = await nora.page.locator(`${row} td.who`).innerText();
hold('the_limit_shows_both_names', names.includes('nora') && names.includes('risk.approver'), names);
hold('the_history_names_who_set_it', (await nora.page.locator('section', {hasText: 'Limit history'}).last().innerText()).includes('agreed with the client'));

// --- a batch from a file, with preview ---
await to(nora, 'limits');
await nora.page.waitForSelector('textarea');
await nora.page.fill('textarea', `scope,key,dimension,symbol,value,expires_at\ninvestor,${investor},sell,,1,\ninvestor,NOBODY,buy,,5,\n`);
await nora.page.fill('input[name=batch_reason]', 'new quarter');
await nora.page.getByRole('button', {name: 'Preview'}).click();
await nora.page.waitForSelector('text=Nothing is applied');
hold('a_wrong_line_is_named_and_stops_the_batch', await nora.page.getByRole('button', {name: 'Propose these changes'}).isDisabled());
await nora.page.fill('textarea', `scope,key,dimension,symbol,value,expires_at\ninvestor,${investor},buy,,${raised * 2n},\ninvestor,${investor},gross_day,,900000000000,\n`);
await nora.page.getByRole('button', {name: 'Preview'}).click();
await nora.page.waitForFunction(() => document.querySelectorAll('table[aria-label="What would change"] tbody tr').length === 2);
await picture(nora, 'batch', true);
await nora.page.getByRole('button', {name: 'Propose these changes'}).click();
const batch = /Batch ([0-9]+)/.exec(await note(nora.page, 'waits for one approval'))[1];
await to(approver, 'overview');
await to(approver, 'approvals');
await approver.page.waitForSelector(`article[data-proposal] >> text=${batch}`);
await picture(approver, 'approvals-batch');
await approver.page.locator('article[data-proposal]', {hasText: batch}).locator('button.main').click();
await approver.page.click('dialog button.main');
await note(approver.page, '已核准');
await to(nora, `investors/${investor}`);
await nora.page.waitForFunction(([selector, value]) => document.querySelector(selector)?.children[3]?.firstChild?.textContent?.trim().replace(/,/g, '') === value, [row, String(raised * 2n)]);
hold('one_approval_applies_the_whole_batch', true);

// --- orders and one order's trail and checks ---
await to(nora, 'orders');
await nora.page.waitForSelector('tbody tr a');
const newest = await text_of(nora.page, 'tbody tr a');
await nora.page.waitForFunction((before) => document.querySelector('tbody tr a')?.textContent !== before, newest);
hold('the_trail_of_orders_moves', true);
await nora.page.getByRole('button', {name: 'Hold still'}).click();
await picture(nora, 'orders');
await nora.page.selectOption('select', 'refused');
await nora.page.waitForFunction(() => [...document.querySelectorAll('tbody tr')].length > 0 && [...document.querySelectorAll('tbody tr')].every((one) => one.querySelector('.bad') !== null));
await nora.page.locator('tbody tr a').first().click();
await nora.page.waitForSelector('text=every record about this order');
await nora.page.waitForSelector('.mark.bad');
hold('a_refused_order_shows_the_check_that_refused_it', (await nora.page.locator('td .mark.bad').count()) >= 1);
await picture(nora, 'order', true);

// --- stop in two clicks, resume with a second person ---
await to(nora, `investors/${investor}`);
await nora.page.waitForSelector(used);
await nora.page.getByRole('button', {name: 'Stop this investor'}).click();
await nora.page.waitForSelector('dialog button.stop');
await picture(nora, 'stop-dialog');
await nora.page.click('dialog button.stop');
await nora.page.waitForSelector('article.halt');
hold('trading_stops_in_two_clicks', (await text_of(nora.page, 'article.halt')).includes(investor));
await nora.page.waitForFunction(() => Number(document.querySelector('article.halt dl div:last-child dd')?.textContent?.replace(/,/g, '')) > 0);
hold('orders_are_refused_from_then_on', true);
await nora.page.waitForFunction(() => document.querySelector('article.halt .quiet .good') !== null);
hold('time_to_quiet_is_shown_as_measured', /[0-9]/.test(await text_of(nora.page, '[data-figure=quiet]')), await text_of(nora.page, '[data-figure=quiet]'));
await picture(nora, 'stop');
await to(approver, 'stop');
await approver.page.waitForSelector('article.halt');
await picture(approver, 'stop');
await nora.page.getByRole('button', {name: 'Propose to resume'}).click();
await nora.page.fill('dialog input[name=reason]', 'program repaired');
await nora.page.click('dialog button.main');
const resume = /[0-9]+/.exec(await note(nora.page, 'Proposed as number'))[0];
await nora.page.waitForSelector(`text=Proposal ${resume} to resume`);
hold('a_proposal_to_resume_leaves_the_stop_in_force', await nora.page.locator('article.halt').count() >= 1);
await to(approver, 'approvals');
await approver.page.click(`article[data-proposal="${resume}"] button.main`);
await approver.page.click('dialog button.main');
await note(approver.page, '已核准');
await nora.page.waitForSelector('article.halt', {state: 'detached'});
hold('resumed_by_a_second_person', true);

// --- the stream stops: the page says since when; it comes back by itself ---
await to(nora, 'overview');
await nora.page.waitForSelector('[data-live=true]');
process.kill(Number(desk_process), 'SIGSTOP');
await nora.page.waitForSelector('.banner.bad');
hold('a_stream_that_stops_is_told_with_its_time', /STALE since [0-9]{2}:[0-9]{2}:[0-9]{2}/.test(await text_of(nora.page, '.chip.stream')), await text_of(nora.page, '.chip.stream'));
await picture(nora, 'stale');
process.kill(Number(desk_process), 'SIGCONT');
await nora.page.waitForSelector('[data-live=true]');
hold('and_it_goes_on_by_itself', await nora.page.locator('.chip.stale').count() === 0);

// --- languages ---
await nora.page.getByRole('button', {name: '中文'}).click();
await nora.page.waitForSelector('nav >> text=投資人');
await nora.page.reload();
await nora.page.waitForSelector('nav >> text=投資人');
hold('the_language_is_remembered', await nora.page.evaluate(() => document.documentElement.lang) === 'zh-Hant-TW');
hold('nothing_but_language_and_theme_is_stored', (await nora.page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].join())) === 'fairlead.language');
hold('no_script_can_read_the_session', (await nora.page.evaluate(() => document.cookie)) === '');
nora.language = 'zh';
for (const place of ['overview', 'investors', `investors/${investor}`, 'limits', 'orders', 'sessions', 'stop', 'users', 'account']) {
    await to(nora, place);
    await shown(nora);
    await picture(nora, `light-${place.replace('/', '-')}`, place !== 'investors');
    await to(approver, place);
    await shown(approver);
    await picture(approver, `dark-${place.replace('/', '-')}`, place !== 'investors');
}
// What Chinese pages say in Latin letters is a name, a code or a unit.
const latin = await nora.page.evaluate(() => [...document.querySelectorAll('nav a, header button, h1, h2, label')].map((one) => one.textContent.trim()).filter((text) => /[a-z]{4,}/.test(text) && !/[一-鿿]/.test(text)));
hold('chinese_pages_are_chinese', latin.every((text) => ['English'].includes(text)), latin.join(', '));
await nora.page.getByRole('button', {name: 'English'}).click();
nora.language = 'en';

// --- by keyboard alone ---
const keyboard = await person('en', 'dark');
await keyboard.page.keyboard.type('nora');
await keyboard.page.keyboard.press('Tab');
await keyboard.page.keyboard.type(new_password);
await keyboard.page.keyboard.press('Enter');
await at_work(keyboard);
await keyboard.page.evaluate(() => document.activeElement?.blur());
await keyboard.page.keyboard.press('Tab');
hold('the_first_stop_skips_to_the_content', (await keyboard.page.evaluate(() => document.activeElement.textContent)).includes('Skip'));
await picture(keyboard, 'skip');
const stops = [];
for (let at = 0; at < 18; ++at) {
    await keyboard.page.keyboard.press('Tab');
    stops.push(await keyboard.page.evaluate(() => {
        const one = document.activeElement;
        const style = getComputedStyle(one);
        return {name: (one.getAttribute('aria-label') ?? one.textContent ?? '').trim().slice(0, 30), seen: parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== 'none'};
    }));
}
hold('each_stop_has_a_name_and_a_visible_focus', stops.every((stop) => stop.name !== '' && stop.seen), JSON.stringify(stops.filter((stop) => stop.name === '' || !stop.seen)));
hold('all_pages_are_reached_by_tab', ['Overview', 'Investors', 'Stop'].every((name) => stops.some((stop) => stop.name.startsWith(name))), stops.map((stop) => stop.name).join('|'));
await keyboard.page.keyboard.press('?');
await keyboard.page.waitForSelector('dialog[open]');
await picture(keyboard, 'shortcuts');
await keyboard.page.keyboard.press('Escape');
await keyboard.page.waitForSelector('dialog[open]', {state: 'detached'});
await keyboard.page.keyboard.press('g');
await keyboard.page.keyboard.press('i');
await keyboard.page.waitForSelector('tr.of-list a');
await keyboard.page.keyboard.press('/');
await keyboard.page.keyboard.type(investor.slice(0, 6));
await keyboard.page.waitForFunction(() => location.hash.includes('search=') && document.querySelectorAll('tr.of-list a').length > 3);
await keyboard.page.locator('tr.of-list a').first().focus();
for (let at = 0; at < 30; ++at) {
    await keyboard.page.keyboard.press('ArrowDown');
}
const place = await keyboard.page.evaluate(() => Number(document.activeElement.closest('tr')?.dataset.place ?? -1));
hold('arrow_keys_go_down_the_list_and_the_row_stays_in_sight', place === Math.min(30, await keyboard.page.evaluate(() => Number(document.querySelector('table').getAttribute('aria-rowcount')) - 2)) &&
    await keyboard.page.evaluate(() => {
        const box = document.querySelector('.long').getBoundingClientRect();
        const one = document.activeElement.getBoundingClientRect();
        return one.top >= box.top && one.bottom <= box.bottom;
    }), place);
await keyboard.page.keyboard.press('Enter');
await keyboard.page.waitForSelector('tr[data-dimension=buy]');
hold('enter_opens_the_investor', true);
await keyboard.page.keyboard.press('g');
await keyboard.page.keyboard.press('x');
await keyboard.page.waitForSelector('button.big');
hold('shortcuts_open_pages', true);
{
    const small = await keyboard.page.evaluate(() => [...document.querySelectorAll('body *')].filter((one) => one.children.length === 0 && one.textContent.trim() !== '' && parseFloat(getComputedStyle(one).fontSize) < 15 && !one.matches('.way')).map((one) => one.textContent.trim().slice(0, 20)));
    hold('text_is_15_pixels_at_least', small.length === 0, small.join('|'));
}

// --- a session that ends: log-on, and back to the page ---
await to(keyboard, `investors/${investor}`);
await keyboard.page.waitForSelector('tr[data-dimension=buy]');
await keyboard.context.clearCookies();
await to(keyboard, 'orders');
await keyboard.page.waitForSelector('input[name=user]');
hold('a_session_that_ended_is_told', (await keyboard.page.locator('[role=status]', {hasText: 'session has ended'}).count()) === 1);
await log_on(keyboard, 'nora', new_password);
await keyboard.page.waitForSelector('nav a[aria-current=page] >> text=Orders');
hold('and_log_on_leads_back_to_the_page', (await keyboard.page.evaluate(() => location.hash)) === '#/orders');
await keyboard.page.getByRole('button', {name: 'Log off'}).click();
await keyboard.page.waitForSelector('input[name=user]');
hold('log_off_ends_it', await keyboard.page.locator('nav').count() === 0);

for (const [who, {complaints}] of Object.entries({operator, nora, approver, keyboard})) {
    hold(`no_error_and_no_violation_of_the_policy_in_the_browser_of_${who}`, complaints.length === 0, complaints.slice(0, 4).join(' | '));
}
await browser.close();
console.log(wrong.length === 0 ? 'everything holds' : `${wrong.length} rules fail: ${wrong.join(', ')}`);
process.exit(wrong.length === 0 ? 0 : 1);
