// Holds the stand-in desk against the OpenAPI document: each GET, each act and each topic of the stream must have the
// shape the document promises, its rights are those of the gateway's table, and what is refused there is refused here,
// so that what the console is tested with is what it will meet.
// usage: node shape.mjs ADDRESS OPENAPI.json     (prints what is wrong; exit code 1 if anything is)
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';

const require = createRequire(join(process.env.PACKAGES ?? '.', 'package.json'));
const Ajv = require('ajv/dist/2020').default;
const {chromium} = require('playwright-core');

const [, , address, document_path] = process.argv;
const document = JSON.parse(readFileSync(document_path, 'utf8'));
const ajv = new Ajv({strict: false, allErrors: true});
ajv.addSchema({$id: 'desk', components: document.components});
let wrong = 0;
let right = 0;

function hold(what, schema_ref, value) {
    const valid = ajv.validate({$ref: `desk${schema_ref}`}, value);
    if (valid) {
        ++right;
    } else {
        ++wrong;
        console.log(`${what}: ${ajv.errorsText().slice(0, 400)}`);
    }
}
let cookie = '';
let csrf = '';
async function ask(method, path, body, expected = 200) {
    const answer = await fetch(`${address}api/v1${path}`, {
        method, headers: {Cookie: cookie, 'X-Fairlead-Csrf': csrf, 'Content-Type': 'application/json'}, ...(body === undefined ? {} : {body: JSON.stringify(body)})});
    const said = await answer.json();
    const [place] = path.split('?');
    const template = Object.keys(document.paths).find((one) => new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`).test(`/api/v1${place}`));
    const operation = document.paths[template]?.[method.toLowerCase()];
    if (operation === undefined || answer.status !== expected) {
        ++wrong;
        console.log(`${method} ${path}: status ${answer.status}, expected ${expected}; ${JSON.stringify(said).slice(0, 200)}`);
    } else if (expected === 200) {
        hold(`${method} ${path}`, operation.responses['200'].content['application/json'].schema.$ref, said);
        if (body !== undefined) {
            hold(`${method} ${path}, what was asked`, operation.requestBody.content['application/json'].schema.$ref, body);
        }
    } else {
        hold(`${method} ${path}, refused`, '#/components/schemas/Error', said);
    }
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    csrf = said.csrf ?? csrf;
    return said;
}

async function refused(status, error, method, path, body) {
    const said = await ask(method, path, body, status);
    if (said.error === error) {
        ++right;
    } else {
        ++wrong;
        console.log(`${method} ${path}: refused with ${said.error}, expected ${error}`);
    }
}
const log_on = (user) => ask('POST', '/login', {user, password: `demo-${user === 'acme.vendor' ? 'vendor' : user}`});

await ask('GET', '/me', undefined, 401);
await ask('POST', '/login', {user: 'risk.officer', password: 'wrong'}, 401);

// Each role's rights are those of the gateway.
const table = readFileSync(join(dirname(document_path), '../control/rights.cpp'), 'utf8');
const roles = ['none', 'client', 'trader_support', 'operator', 'risk_officer', 'risk_approver', 'examiner', 'vendor'];
const rows = [...table.matchAll(/\{ControlVerb::(\w+),[^{]*\{([\w, ]+)\}\}/g)].map(([, verb, cells]) => [verb, cells.split(',').map((cell) => cell.trim())]);
for (const user of ['support', 'operator', 'risk.officer', 'risk.approver', 'examiner', 'acme.vendor']) {
    const me = await log_on(user);
    const wanted = rows.filter(([, cells]) => cells[roles.indexOf(me.role)] !== 'no').map(([verb]) => verb).sort().join();
    if (wanted !== '' && wanted === [...me.rights].sort().join()) {
        ++right;
    } else {
        ++wrong;
        console.log(`${me.role}: rights are ${me.rights.join()}; the gateway's are ${wanted}`);
    }
}
// Who may only look, and at little.
await refused(403, 'no_right', 'GET', '/investors?limit=20');
await refused(403, 'no_right', 'POST', '/halts', {scope: 'firm', reason: 'no right'});
await ask('GET', '/overview');
await ask('POST', '/login', {user: 'nora', password: 'Initial-Word-1'});
await refused(403, 'must_change', 'GET', '/overview');

await log_on('risk.officer');
for (const path of ['/me', '/overview', '/investors?sort=-permille&limit=20', '/investors?state=warn&search=INV00000', '/investors/INV0000000', '/orders?limit=50', '/orders?status=refused',
    '/sessions', '/limits?scope=firm', '/limits?scope=investor&limit=20', '/proposals?state=all', '/halts', '/users', '/visits']) {
    await ask('GET', path);
}
await refused(403, 'no_right', 'GET', '/reviews');
await ask('GET', '/investors/NOBODY', undefined, 404);
const orders = await ask('GET', '/orders?limit=1');
await ask('GET', `/orders/${Number(orders.items[0].order)}`);
await ask('POST', '/limits', {scope: 'investor', key: 'INV0000003', dimension: 'buy', value: '1000000', reason: 'smaller'});
const raise = await ask('POST', '/limits', {scope: 'investor', key: 'INV0000003', dimension: 'buy', value: '900000000', reason: 'larger', expires_at: '2026-12-01T13:30:00+08:00'});
await refused(403, 'no_right', 'POST', `/proposals/${raise.proposal}/approve`, {reason: 'own'});
const head = 'scope,key,dimension,symbol,value,expires_at\n';
const csv = head + 'investor,INV0000004,buy,,900000000,\ninvestor,INV0000005,sell,,1,\n';
await ask('POST', '/limits/batch', {csv, reason: 'quarter', apply: false});
await ask('POST', '/limits/batch', {csv: csv + 'investor,NOBODY,buy,,1,\n', reason: 'quarter', apply: true});
await ask('POST', '/limits/batch', {csv, reason: 'quarter', apply: true});
const two = await ask('POST', '/limits/batch', {csv: head + 'investor,INV0000007,buy,,900000000,\ninvestor,INV0000008,buy,,900000000,\n', reason: 'quarter', apply: true});
await ask('POST', '/halts', {scope: 'investor', key: 'INV0000006', cancel_open: true, reason: 'runaway program'});
await ask('POST', '/resumes', {scope: 'investor', key: 'INV0000006', reason: 'repaired'});
await ask('GET', '/halts');
await ask('GET', '/proposals?state=open');
await ask('GET', '/investors/INV0000003');
await ask('POST', '/me/totp', {password: 'demo-risk.officer'});
await refused(403, 'no_right', 'POST', '/users/support/unlock', {reason: 'called back'});

// The second person: a batch is approved as it was looked at, or not at all.
await log_on('risk.approver');
await refused(409, 'refused', 'POST', `/proposals/${two.batch}/approve`, {batch: 3, reason: 'another count'});
await ask('POST', `/proposals/${two.batch}/approve`, {batch: 2, reason: 'seen both'});
await refused(409, 'refused', 'POST', `/proposals/${two.batch}/approve`, {batch: 2, reason: 'twice'});
await ask('POST', `/proposals/${raise.proposal}/approve`, {reason: 'agreed'});
await refused(403, 'no_right', 'POST', '/limits', {scope: 'investor', key: 'INV0000003', dimension: 'buy', value: '1', reason: 'not mine'});
await ask('GET', '/reviews');
await ask('POST', '/reviews/support', {decision: 'keep', reason: 'still on the desk'});

await log_on('operator');
await ask('POST', '/users/support/unlock', {reason: 'called back'});
const second = {approver: 'risk.approver', approver_password: 'demo-risk.approver'};
const role = {role: 'examiner', reason: 'moved'};
await refused(401, 'bad_credentials', 'POST', '/users/support/role', {...role, ...second, approver_password: 'x'});
await refused(403, 'no_right', 'POST', '/users/support/role', {...role, approver: 'risk.officer', approver_password: 'demo-risk.officer'});
await refused(422, 'bad_field', 'POST', '/users/support/role', {...role, approver: 'operator', approver_password: 'demo-operator'});
await refused(403, 'no_right', 'POST', '/users/support/enable', {reason: 'alone'});
await ask('POST', '/users/support/role', {...role, ...second});
await ask('POST', '/visits', {vendor: 'acme.vendor', ticket: 'CHG-1', until: '2026-12-01T13:30:00+08:00', reason: 'line', ...second});
await ask('POST', '/visits/acme.vendor/close', {reason: 'done'});
await refused(403, 'no_right', 'POST', '/visits/acme.vendor/sign', {reason: 'own work'});
await log_on('risk.approver');
await ask('POST', '/visits/acme.vendor/sign', {reason: 'seen'});
await log_on('risk.officer');

// The stream is read with a browser, as the console reads it.
const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox']});
const context = await browser.newContext();
const [name, value] = cookie.split('=');
await context.addCookies([{name, value, url: address}]);
const page = await context.newPage();
await page.goto(address);
const topics = document.components.schemas.Topic.enum;
const messages = await page.evaluate((wanted) => new Promise((done) => {
    const socket = new WebSocket(`ws://${location.host}/api/v1/stream`);
    const heard = {};
    socket.onopen = () => socket.send(JSON.stringify({subscribe: wanted, investors: {sort: '-permille', offset: 0, limit: 40}, orders: {offset: 0, limit: 20}, investor: 'INV0000000'}));
    socket.onmessage = (event) => {
        const message = JSON.parse(event.data);
        heard[message.topic] = message;
        if (Object.keys(heard).length === wanted.length) {
            done(Object.values(heard));
        }
    };
}), topics);
const schema_of = {overview: 'Overview', investors: 'InvestorPage', investor: 'InvestorDetail', orders: 'OrderPage', proposals: 'ProposalPage', sessions: 'SessionPage', halts: 'HaltPage'};
for (const message of messages) {
    hold(`topic ${message.topic}`, `#/components/schemas/${schema_of[message.topic]}`, message.data);
    hold(`message of ${message.topic}`, '#/components/schemas/StreamMessage', message);
}
await browser.close();
console.log(`${right} answers have the shape of the document, ${wrong} have not`);
process.exit(wrong === 0 ? 0 : 1);
