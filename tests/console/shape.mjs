// Holds the stand-in desk against the OpenAPI document: each GET, each act and each topic of the stream must have the
// shape the document promises, so that what the console is tested with is what it will meet.
// usage: node shape.mjs ADDRESS OPENAPI.json     (prints what is wrong; exit code 1 if anything is)
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';

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

await ask('GET', '/me', undefined, 401);
await ask('POST', '/login', {user: 'risk.officer', password: 'wrong'}, 401);
await ask('POST', '/login', {user: 'risk.officer', password: 'demo-risk.officer'});
for (const path of ['/me', '/overview', '/investors?sort=-permille&limit=20', '/investors?state=warn&search=INV00000', '/investors/INV0000000', '/orders?limit=50', '/orders?status=refused',
    '/sessions', '/limits?scope=firm', '/limits?scope=investor&limit=20', '/proposals?state=all', '/halts', '/users', '/reviews', '/visits']) {
    await ask('GET', path);
}
await ask('GET', '/investors/NOBODY', undefined, 404);
const orders = await ask('GET', '/orders?limit=1');
await ask('GET', `/orders/${Number(orders.items[0].order)}`);
await ask('POST', '/limits', {scope: 'investor', key: 'INV0000003', dimension: 'buy', value: '1000000', reason: 'smaller'});
const raise = await ask('POST', '/limits', {scope: 'investor', key: 'INV0000003', dimension: 'buy', value: '900000000', reason: 'larger', expires_at: '2026-12-01T13:30:00+08:00'});
await ask('POST', `/proposals/${raise.proposal}/approve`, {reason: 'own'}, 409);
const csv = 'scope,key,dimension,symbol,value,expires_at\ninvestor,INV0000004,buy,,900000000,\ninvestor,INV0000005,sell,,1,\n';
await ask('POST', '/limits/batch', {csv, reason: 'quarter', apply: false});
await ask('POST', '/limits/batch', {csv: csv + 'investor,NOBODY,buy,,1,\n', reason: 'quarter', apply: true});
await ask('POST', '/limits/batch', {csv, reason: 'quarter', apply: true});
await ask('POST', '/halts', {scope: 'investor', key: 'INV0000006', cancel_open: true, reason: 'runaway program'});
await ask('POST', '/resumes', {scope: 'investor', key: 'INV0000006', reason: 'repaired'});
await ask('GET', '/halts');
await ask('GET', '/proposals?state=open');
await ask('GET', '/investors/INV0000003');
await ask('POST', '/users/support/unlock', {reason: 'called back'});
await ask('POST', '/reviews/support', {decision: 'keep', reason: 'still on the desk'});
const second = {approver: 'risk.approver', approver_password: 'demo-risk.approver'};
await ask('POST', '/visits', {vendor: 'acme.vendor', ticket: 'CHG-1', until: '2026-12-01T13:30:00+08:00', reason: 'line', ...second});
await ask('POST', '/visits/acme.vendor/close', {reason: 'done'});
await ask('POST', '/visits/acme.vendor/sign', {reason: 'seen'});
await ask('POST', '/users/support/role', {role: 'examiner', reason: 'moved', ...second});
await ask('POST', '/users/support/role', {role: 'examiner', reason: 'moved', approver: 'risk.approver', approver_password: 'x'}, 403);
await ask('POST', '/me/totp', {password: 'demo-risk.officer'});

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
}
await browser.close();
console.log(`${right} answers have the shape of the document, ${wrong} have not`);
process.exit(wrong === 0 ? 0 : 1);
