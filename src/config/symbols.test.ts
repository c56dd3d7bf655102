/** What an address says of its tag by itself, and what a person says instead. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { ConfigError, formatProblem } from './problem.ts'

async function tagsOf(t: TestContext, csv: string) {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'tags.csv'), csv)
  const device = '{ name: a, driver: modbus, options: { host: 127.0.0.1 }, tags: tags.csv }'
  writeFileSync(join(folder, 'bifrost.yaml'), `version: 1\ndevices: [${device}]\n`)
  const config = await loadConfig(join(folder, 'bifrost.yaml'), { drivers, sinks: [], env: {} })
  return new Map(config.devices[0]!.tags.map(({ settings }) => [settings.name, settings]))
}

test('a SunSpec point brings unit and symbols; what the tag says goes before them, and a tag that scales has its own', async (t) => {
  const tags = await tagsOf(
    t,
    'name,address,type,unit,symbols,scale\n' +
      'state,sunspec:103.St,uint16,,,\nevents,sunspec:103.Evt1,uint32,,,\npower,sunspec:103.W,float64,,,\n' +
      'own,sunspec:103.St,uint16,-,4=Läuft,\nkilo,sunspec:103.W,float64,kW,,0.001\nbare,sunspec:103.W,float64,,,0.001\n' +
      'plain,hr:0,uint16,,0=Off|1=On,\nnone,hr:1,uint16,,,\n',
  )
  assert.match(tags.get('state')!.symbols!, /^1=OFF\|2=SLEEPING\|3=STARTING\|4=MPPT\|/)
  assert.match(tags.get('events')!.symbols!, /^bit0=GROUND_FAULT\|bit1=DC_OVER_VOLT\|/)
  assert.equal(tags.get('power')!.unit, 'W')
  assert.deepEqual([tags.get('own')!.unit, tags.get('own')!.symbols], ['-', '4=Läuft'])
  assert.deepEqual([tags.get('kilo')!.unit, tags.get('bare')!.unit], ['kW', undefined])
  assert.equal(tags.get('plain')!.symbols, '0=Off|1=On')
  assert.ok(!('symbols' in tags.get('none')!) && !('unit' in tags.get('none')!))
})

test('symbols that are none are refused where they stand', async (t) => {
  await assert.rejects(tagsOf(t, 'name,address,type,symbols\na,hr:0,uint16,1=On\nb,hr:1,uint16,Off|On\n'), (error) => {
    assert.ok(error instanceof ConfigError)
    assert.match(
      formatProblem(error.problems[0]!),
      /tags\.csv:3:15 row 3, symbols: "Off" gives no number a name: write 1=Off/,
    )
    return true
  })
})
