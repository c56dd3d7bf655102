/** The gateway is killed again and again while it writes files: afterwards every acknowledged sample is in them, in whole lines. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startGatewayProcess } from '../../testing/gateway-process.ts'
import { eventually, temporaryFolder } from '../../testing/peers.ts'
import { filesBelow, rowsOf, type WrittenRow } from '../../testing/written-files.ts'

const yaml = (format: string) => `devices:
  - name: plant
    driver: simulated
    every: 10ms
    tags:
${Array.from({ length: 40 }, (_, at) => `      - { name: t${at}, address: counter, type: int32 }`).join('\n')}
sinks:
  - name: files
    sink: file
    options: { folder: out, name: 'x-{seq}', format: ${format}, maxSize: 200kB }
`

interface SinkView {
  readonly delivered: number
  readonly pending: number
  readonly state: string
}

for (const format of ['ndjson', 'csv']) {
  test(`${format}: kill -9 under load, three times`, { timeout: 120_000 }, async (t) => {
    const folder = temporaryFolder(t)
    mkdirSync(join(folder, 'out'))
    for (let kill = 0; kill < 3; kill++) {
      const gateway = await startGatewayProcess(t, { yaml: yaml(format), folder })
      const view = async () => (await gateway.get<{ sinks: SinkView[] }>('sinks')).sinks[0]!
      const { delivered } = await view()
      await eventually('samples are delivered', async () => (await view()).delivered > delivered + 3000)
      await gateway.stop('SIGKILL')
    }
    const last = await startGatewayProcess(t, { yaml: yaml(format), folder })
    const delivered = async () => (await last.get<{ sinks: SinkView[] }>('sinks')).sinks[0]!.delivered
    const before = await delivered()
    await eventually('it goes on', async () => (await delivered()) > before + 500)
    await last.stop()

    const rows: WrittenRow[] = (await Promise.all(filesBelow(join(folder, 'out')).map(rowsOf))).flat()
    const values = new Map(
      rows.filter(({ type }) => type !== 'gap').map((row) => [row.seq, `${row.tag} ${String(row.value)}`]),
    )
    const gaps = rows
      .filter(({ type }) => type === 'gap')
      .map(({ value }) => value as { fromSeq: number; toSeq: number })
    const highest = Math.max(...values.keys())
    for (let seq = 1; seq <= highest; seq++) {
      const gap = gaps.find(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq)
      if (gap !== undefined) seq = gap.toSeq
      else assert.ok(values.has(seq), `${seq} of ${highest} is in no file`)
    }
    assert.ok(gaps.length >= 3, 'what the kills cost is told')
    for (const { seq, tag, value, type } of rows) {
      if (type !== 'gap') assert.equal(`${tag} ${String(value)}`, values.get(seq), `${seq} came with another content`)
    }
  })
}
