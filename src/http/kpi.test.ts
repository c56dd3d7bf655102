/** Figures over HTTP: pages, windows, and what somebody sees who may not see every device. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssetConfig } from '../core/asset.ts'
import { startPlant } from '../testing/people.ts'
import { eventually } from '../testing/peers.ts'

const asset = (name: string, running: string, device: string): AssetConfig => ({
  name,
  area: 'hall-1',
  running,
  pieces: { device, tag: 'wave', rollover: undefined, factor: 1 },
  counts: 'produced',
  rejected: undefined,
  idealPerMs: 1,
  planned: { timeZone: undefined, shifts: [] },
})

const ASSETS = [
  asset('press', 'press-1/wave >= 0', 'press-1'),
  asset('line', 'press-1/wave >= 0 and oven/wave >= 0', 'press-1'),
  asset('oven', 'oven/wave >= 0', 'oven'),
]

interface Assets {
  readonly assets: readonly { name: string; area: string; state: string; current: { from: string } | null }[]
  readonly next: string | null
}

interface Devices {
  readonly devices: readonly { name: string; isUp: boolean; current: { figures: { samplesExpected: number } } }[]
  readonly sum: { readonly samplesExpected: number; readonly completeness: number }
  readonly next: string | null
}

test('figures are of the devices and assets in sight, a page at a time', async (t) => {
  const plant = await startPlant(t, { sketch: { assets: ASSETS } })
  const anna = await plant.person('anna', 'admin')
  const crew = await plant.person('carl', 'press-crew')
  const devicesOf = (who = anna, query = '') => plant.json<Devices>(`/api/v1/kpi/devices${query}`, who)
  const assetsOf = (who = anna, query = '') => plant.json<Assets>(`/api/v1/kpi/assets${query}`, who)
  const names = ({ assets }: Assets) => assets.map(({ name }) => name)
  await eventually('samples are counted', async () => (await devicesOf()).devices.every(({ current }) => current.figures.samplesExpected > 0)) // prettier-ignore
  await eventually('all run', async () => (await assetsOf()).assets.every(({ state }) => state === 'running'))

  assert.deepEqual(names(await assetsOf()), ['press', 'line', 'oven'])
  assert.deepEqual(names(await assetsOf(crew)), ['press'], 'the line tells of the oven')
  const all = await devicesOf()
  assert.deepEqual(all.devices.map(({ name, isUp }) => [name, isUp]), [['press-1', true], ['press-2', true], ['oven', true]]) // prettier-ignore
  assert.ok(all.sum.completeness > 0 && all.sum.completeness <= 1)
  const seen = await devicesOf(crew, '?window=total')
  assert.deepEqual(seen.devices.map(({ name }) => name), ['press-1', 'press-2']) // prettier-ignore
  assert.ok(seen.sum.samplesExpected < (await devicesOf(anna, '?window=total')).sum.samplesExpected)

  const first = await assetsOf(anna, '?limit=2&window=hour')
  assert.deepEqual([names(first).length, typeof first.next], [2, 'string'])
  const second = await assetsOf(anna, `?limit=2&window=hour&cursor=${first.next}`)
  assert.deepEqual([names(second), second.next], [['oven'], null])
  assert.equal(second.assets[0]!.current!.from.slice(14), '00:00.000Z')
  assert.equal((await plant.ask('/api/v1/kpi/devices?window=shift', anna)).status, 400)
  assert.equal((await plant.ask('/api/v1/kpi/assets?window=week', anna)).status, 400)

  const metrics = async (who = anna) => (await plant.ask('/metrics', who)).text()
  assert.match(await metrics(), /bifrost_asset_planned_seconds_total\{asset="line"\}/, 'control')
  assert.doesNotMatch(await metrics(), /bifrost_asset_rejected_total\{/, 'nobody counts what is rejected')
  const shown = await metrics(crew)
  assert.match(shown, /bifrost_asset_planned_seconds_total\{asset="press"\}/)
  assert.doesNotMatch(shown, /asset="(line|oven)"|device="oven"/)
})
