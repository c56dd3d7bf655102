/** `bifrost export` as people call it: into a file or down a pipe, with times as they write them, against a running gateway. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createReadStream, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { text } from 'node:stream/consumers'
import { parquetMetadata } from 'hyparquet'
import { bifrost, startGatewayProcess } from '../testing/gateway-process.ts'
import { eventually, temporaryFolder } from '../testing/peers.ts'

const YAML = `devices:
  - name: plant
    driver: simulated
    every: 50ms
    tags:
      - { name: wave, address: 'sine:period=10s,min=0,max=10', type: float64, unit: m }
      - { name: on, address: 'constant:value=true', type: bool }
`

test('samples of a running gateway as CSV, NDJSON and Parquet', async (t) => {
  const gateway = await startGatewayProcess(t, { yaml: YAML })
  await eventually('samples', async () => (await gateway.get<{ nextSeq: number }>('log')).nextSeq > 40)
  const folder = temporaryFolder(t)
  const run = (...args: string[]) => bifrost('export', '--url', gateway.url, ...args)

  const csv = await run('--from', '1h', '--tags', 'pl*/wave')
  assert.equal(csv.code, 0, csv.err)
  const lines = csv.out.trimEnd().split('\n')
  assert.equal(lines[0], 'time,device,tag,value,unit,status,log,seq')
  assert.ok(lines.length > 10)
  for (const line of lines.slice(1)) assert.match(line, /^20\d\d-.*Z,plant,wave,[\d.e-]+,m,0,\w+,\d+$/)
  assert.equal(csv.err, '')

  const file = join(folder, 'all.parquet')
  const parquet = await run('--to', new Date(Date.now() + 60_000).toISOString(), '-o', file)
  assert.equal(parquet.code, 0, parquet.err)
  const bytes = readFileSync(file)
  assert.match(parquet.err, new RegExp(`all\\.parquet: ${bytes.length} bytes`))
  assert.ok(parquetMetadata(new Uint8Array(bytes).buffer).num_rows > 20n, 'the format is that of the name')
  assert.equal(existsSync(`${file}.part`), false)

  const ndjson = await run('--from', String(Date.now() - 60_000), '--format', 'ndjson', '-o', '-')
  assert.equal(JSON.parse(ndjson.out.split('\n')[0]!).device, 'plant')
})

test('what is not understood, not there, or breaks off leaves no file and says why', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'x.csv')
  writeFileSync(file, 'the one before')
  const gateway = await startGatewayProcess(t, { yaml: YAML })
  for (const [args, code, words] of [
    [['--from', 'yesterday'], 2, /--from yesterday: expected a time such as/],
    [['--format', 'xlsx'], 2, /--format xlsx: expected csv, ndjson, parquet/],
    [['--tags', 'press/*'], 1, /there is no tag that press\/\* means/],
    [['--from', '1h', '--to', '2h'], 2, /must be before/],
  ] as const) {
    const { code: got, err } = await bifrost('export', '--url', gateway.url, ...args, '-o', file)
    assert.equal(got, code, err)
    assert.match(err, words)
  }
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' })
    response.write('time,device\n')
    setTimeout(() => response.destroy(), 100)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const broken = await bifrost('export', '--url', url, '-o', file)
  assert.equal(broken.code, 3, broken.err)
  assert.match(broken.err, /the export ended in the middle/)
  assert.equal(readFileSync(file, 'utf8'), 'the one before')
  assert.equal(existsSync(`${file}.part`), false)
})

test('a pipe, a device or a link under the name of the file stays what it is', async (t) => {
  const folder = temporaryFolder(t)
  const gateway = await startGatewayProcess(t, { yaml: YAML })
  await eventually('samples', async () => (await gateway.get<{ nextSeq: number }>('log')).nextSeq > 4)
  const run = (output: string) => bifrost('export', '--url', gateway.url, '-o', output)

  const pipe = join(folder, 'pipe')
  assert.equal(spawnSync('/bin/sh', ['-c', 'mkfifo "$0"', pipe]).status, 0)
  const [written, read] = await Promise.all([run(pipe), text(createReadStream(pipe))])
  assert.equal(written.code, 0, written.err)
  assert.match(read, /^time,device,tag/)
  assert.ok(lstatSync(pipe).isFIFO())

  const target = join(folder, 'target.csv')
  const link = join(folder, 'link.csv')
  writeFileSync(target, 'the one before')
  symlinkSync(target, link)
  assert.equal((await run(link)).code, 0)
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.match(readFileSync(target, 'utf8'), /^time,device,tag/)

  mkdirSync(join(folder, 'sub'))
  const refused = await run(join(folder, 'sub'))
  assert.equal(refused.code, 2, refused.err)
  assert.match(refused.err, /is a folder/)
})
