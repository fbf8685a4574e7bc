// Writes src/lib/api_types.ts from the desk's OpenAPI document, so that the console is type-checked against
// what the desk promises. Run before each build; its output is not kept in git.
// usage: node dev/types.mjs [OPENAPI.json]
import {readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const source = process.argv[2] ?? process.env.FAIRLEAD_OPENAPI ?? join(here, '../../openapi.json');
const document = JSON.parse(readFileSync(source, 'utf8'));

function objectOf(schema, indent) {
    const required = new Set(schema.required ?? []);
    const lines = Object.entries(schema.properties ?? {}).map(
        ([name, part]) => `${indent}    ${name}${required.has(name) ? '' : '?'}: ${typeOf(part, indent + '    ')};`);
    return lines.length === 0 ? 'Record<string, unknown>' : `{\n${lines.join('\n')}\n${indent}}`;
}

function typeOf(schema, indent = '') {
    if (schema.$ref) {
        return schema.$ref.split('/').at(-1);
    }
    if (schema.enum) {
        return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
    }
    if (schema.anyOf) {
        return schema.anyOf.map((part) => typeOf(part, indent)).join(' | ');
    }
    if (Array.isArray(schema.type)) {
        return schema.type.map((type) => typeOf({...schema, type}, indent)).join(' | ');
    }
    switch (schema.type) {
        case 'object':
            return objectOf(schema, indent);
        case 'array':
            return `(${typeOf(schema.items ?? {}, indent)})[]`;
        case 'integer':
        case 'number':
            return 'number';
        case 'string':
        case 'boolean':
        case 'null':
            return schema.type;
        default:
            return 'unknown';
    }
}

const lines = ['// Made from openapi.json by dev/types.mjs: not to be changed by hand.', ''];
for (const [name, schema] of Object.entries(document.components.schemas)) {
    lines.push(`export type ${name} = ${typeOf(schema)};`, '');
}
lines.push('// The paths this desk has.', `export const paths: readonly string[] = ${JSON.stringify(Object.keys(document.paths))};`);
writeFileSync(join(here, '../src/lib/api_types.ts'), lines.join('\n') + '\n');
