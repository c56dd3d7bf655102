/**
 * The example of an OEE line on the simulated plant, whose own counters are the oracle: pieces, running time, a restart in the middle, counters
 * that are set back, a device that falls silent, a configuration that changes, and a file that is damaged.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startPlant } from '../simulators/plant.ts'
import { parseFault } from '../simulators/modbus/faults.ts'
import type { Config } from '../src/config/config.ts'
import { loadConfig } from '../src/config/load.ts'
import { drivers } from '../src/drivers/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'
import { startHttp } from '../src/http/server.ts'
import { sinks } from '../src/sinks/index.ts'
import { bifrost } from '../src/testing/gateway-process.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'
import { createRecordingLog } from '../src/testing/recording-log.ts'

const EXAMPLE = join(import.meta.dirname, '..', 'examples', 'oee-line', 'bifrost.yaml')

/** The example against this plant, with one more asset that runs whenever the filler turns. */
async function configOf(plantPort: number, data: string): Promise<Config> {
  const env = { BIFROST_PLANT_PORT: String(plantPort), BIFROST_STATE: data }
  const config = await loadConfig(EXAMPLE, { drivers, sinks, env })
  const whole = config.assets!.find(({ name }) => name === 'filler-1-technical')!
  return {
    ...config,
    http: undefined,
    assets: [{ ...whole, name: 'line', running: 'filler/running' }, ...config.assets!],
  }
}

test('the figures of a line are those that the machine itself counts', async (t) => {
  const data = join(temporaryFolder(t), 'data')
  const plant = await startPlant({ host: '127.0.0.1', port: 0, seed: 1 })
  t.after(() => plant.close())
  const { filler } = plant.plant
  const hold = () => (filler.jamSecondsLeft = 1e6)
  const counted = () => filler.good + filler.rejected
  const config = await configOf(plant.port, data)
  const log = createRecordingLog()
  let gateway: Gateway | undefined = undefined as Gateway | undefined
  const start = async (): Promise<Gateway> => {
    gateway = await startGateway(config, { log, version: '0.0.0-test' })
    await eventually('the line is known', () => gateway!.kpi.asset('line', 'total')!.state === 'stopped', 20_000)
    return gateway
  }
  t.after(() => gateway?.stop())
  const line = () => gateway!.kpi.asset('line', 'total')!.current!.figures
  const allRead = () =>
    eventually('what the machine counts is read', () => {
      const { tags, latest } = gateway!.store
      const valueOf = (name: string) => Number(latest.get(tags.find('filler', name)!.id).value)
      return valueOf('bottles-good') === filler.good && valueOf('bottles-rejected') === filler.rejected
    })

  hold()
  await eventually('it stands', () => filler.speed === 0)
  await start()
  const [first, firstRan] = [counted(), filler.runningSeconds]
  filler.jamSecondsLeft = 0
  await eventually('some bottles', () => counted() >= first + 6, 60_000)
  hold()
  await eventually('it stands again', () => filler.speed === 0)
  await allRead()
  await eventually('the line stands', () => gateway!.kpi.asset('line', 'total')!.state === 'stopped')
  const one = line()
  assert.equal(one.produced, counted() - first)
  assert.equal(one.missed, 0)
  assert.ok(Math.abs(one.runningMs / 1000 - (filler.runningSeconds - firstRan)) < 1.5, `${one.runningMs} ms of ${filler.runningSeconds - firstRan} s`) // prettier-ignore
  assert.ok(one.availability! > 0 && one.availability! < 1 && one.oee! > 0)

  await t.test('over a restart: what was counted stays, what was made meanwhile is missed', async () => {
    await gateway!.stop()
    filler.good += 4
    await start()
    await allRead()
    const { produced, missed, runningMs, unknownMs } = line()
    assert.deepEqual({ produced, missed }, { produced: one.produced, missed: 4 })
    assert.ok(runningMs >= one.runningMs && runningMs < one.runningMs + 1000)
    assert.ok(unknownMs > 0)
  })

  await t.test('counters that are set back to 0 go on from there', async () => {
    filler.good = filler.rejected = 0
    await allRead()
    filler.good = 3
    await allRead()
    const { produced, counterResets, counterJumps } = line()
    assert.deepEqual({ produced, counterResets, counterJumps }, { produced: one.produced + 3, counterResets: 2, counterJumps: 0 }) // prettier-ignore
  })

  await t.test('a device that falls silent fails once, is down, and its samples are missing', async () => {
    const before = gateway!.kpi.device('filler', 'total')!.current!.figures
    assert.equal(before.failures, 0)
    assert.ok(before.completeness! > 0.9, `${before.samplesGood} of ${before.samplesExpected}`)
    plant.faults.push(parseFault('silent unit=2')!)
    await eventually('the device is down', () => gateway!.kpi.device('filler', 'total')!.isUp === false, 20_000)
    await eventually('the line is unknown', () => gateway!.kpi.asset('line', 'total')!.state === 'unknown', 20_000)
    plant.faults.splice(0)
    await eventually('the device is up', () => gateway!.kpi.device('filler', 'total')!.isUp === true, 40_000)
    const after = gateway!.kpi.device('filler', 'total')!.current!.figures
    assert.deepEqual([after.failures, after.recoveries], [1, 1])
    assert.ok(after.mttrMs! > 0 && after.downMs >= after.mttrMs! && after.completeness! < before.completeness!)
  })

  await t.test('a configuration that changes loses nothing', async () => {
    await eventually('the line is known', () => gateway!.kpi.asset('line', 'total')!.state === 'stopped')
    const before = line()
    const next = { ...config, assets: config.assets!.map((asset) => ({ ...asset, idealPerMs: asset.idealPerMs * 2 })) }
    const report = await gateway!.change(next)
    assert.deepEqual([report.settings, report.needsRestart], [['assets'], []])
    assert.equal(line().produced, before.produced)
    filler.good += 2
    await eventually('they are counted', () => line().produced === before.produced + 2)
    const without = { ...next, assets: next.assets.filter(({ name }) => name !== 'line') }
    await gateway!.change(without)
    assert.equal(gateway!.kpi.asset('line', 'total'), undefined)
    await gateway!.change(next)
    assert.equal(line().produced, before.produced + 2)
  })

  await t.test('API, command line and metrics say the same', async (t) => {
    const http = await startHttp(gateway!, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
    t.after(() => http.close())
    const get = async (path: string) => (await fetch(`${http.url}${path}`)).text()
    const { assets } = JSON.parse(await get('/api/v1/kpi/assets?window=total')) as {
      assets: { name: string; current: { figures: { produced: number } } }[]
    }
    assert.deepEqual(
      assets.map(({ name }) => name),
      ['line', 'filler-1', 'filler-1-technical'],
    )
    assert.equal(assets[0]!.current.figures.produced, line().produced)
    const { devices, sum } = JSON.parse(await get('/api/v1/kpi/devices?window=hour')) as {
      devices: { name: string; current: { figures: { failures: number } } }[]
      sum: { completeness: number }
    }
    assert.deepEqual([devices[0]!.name, devices.length], ['filler', 1])
    assert.ok(sum.completeness > 0 && sum.completeness < 1)
    const { out, code } = await bifrost('kpi', 'assets', '--window', 'total', '--url', http.url)
    assert.equal(code, 0)
    assert.match(out, new RegExp(`^line +stopped +- .*${line().produced}`, 'm'))
    const shown = await bifrost('kpi', 'devices', '--url', http.url)
    assert.match(shown.out, /^filler +\d/m)
    const before = await bifrost('kpi', 'devices', '--previous', '--window', 'total', '--url', http.url)
    assert.match(before.err, /^all devices: - of the expected samples/m, 'of the window that is shown')
    const wrong = await bifrost('kpi', 'devices', '--window', 'shift', '--url', http.url)
    assert.equal(wrong.code, 2)
    const metrics = await get('/metrics')
    for (const name of ['planned_seconds', 'running_seconds', 'unknown_seconds', 'produced', 'rejected', 'ideal'])
      assert.match(metrics, new RegExp(`^bifrost_asset_${name}_total\\{asset="line"\\} [\\d.]+$`, 'm'))
    assert.match(metrics, /^bifrost_asset_availability_ratio\{asset="line"\} [\d.]+$/m)
    assert.match(metrics, /^bifrost_device_failures_total\{device="filler",driver="modbus"\} 1$/m)
  })

  await t.test('a file that is damaged begins anew, and says so', async () => {
    await gateway!.stop()
    const file = join(data, 'kpi.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace(/"totals":\[(\d)/, (_, digit: string) => `"totals":[${(Number(digit) + 1) % 10}`),
    )
    await start()
    assert.equal(line().produced, 0)
    assert.ok(existsSync(join(data, 'kpi.damaged')))
    assert.match(log.text(), /begin anew/)
  })
})
