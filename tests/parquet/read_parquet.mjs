// Prints the rows of a Parquet file, a line of JSON each: numbers as text, texts with a " before them. Then
// what its metadata says, on a last line. Uses hyparquet, which knows nothing of Fairlead.
// usage: node read_parquet.mjs FILE, with hyparquet found from the folder in HYPARQUET
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const find = createRequire(pathToFileURL(process.env.HYPARQUET + '/package.json'))
const load = async (name) => import(pathToFileURL(find.resolve(name)))
const { parquetMetadata, parquetReadObjects } = await load('hyparquet')
const { compressors } = await load('hyparquet-compressors')

const bytes = readFileSync(process.argv[2])
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
const metadata = parquetMetadata(file)
const columns = metadata.schema.slice(1).map((column) => column.name)
const cell = (value) => {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? '"' + value : String(value)
}
const lines = []
if (metadata.num_rows > 0n) {
  for (const row of await parquetReadObjects({ file, metadata, compressors })) {
    lines.push(JSON.stringify(columns.map((name) => cell(row[name]))))
  }
}
lines.push(JSON.stringify({
  columns: metadata.schema.slice(1).map((c) => [c.name, c.type, c.repetition_type, c.logical_type?.type ?? null]),
  rows: Number(metadata.num_rows),
  groups: metadata.row_groups.map((group) => Number(group.num_rows)),
}))
process.stdout.write(lines.join('\n') + '\n')
