/** `bifrost kpi`: how reliable devices are, how complete their data, and what assets come to, from a running gateway. */
import { formatDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import { gatewayUrl, send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { columns } from './columns.ts'
import { Exit } from './exit-code.ts'

interface Windowed<Figures> {
  readonly name: string
  readonly current: Figured<Figures> | null
  readonly previous: Figured<Figures> | null
}

interface Figured<Figures> {
  readonly from: string | null
  readonly to: string | null
  readonly name: string | null
  readonly figures: Figures
}

interface DeviceFigures {
  readonly upMs: number
  readonly downMs: number
  readonly failures: number
  readonly mtbfMs: number | null
  readonly mttrMs: number | null
  readonly samplesExpected: number
  readonly samplesGood: number
  readonly completeness: number | null
}

interface AssetFigures {
  readonly runningMs: number
  readonly unknownMs: number
  readonly produced: number
  readonly rejected: number | null
  readonly missed: number
  readonly availability: number | null
  readonly performance: number | null
  readonly quality: number | null
  readonly oee: number | null
}

interface DevicesView {
  readonly devices: readonly Windowed<DeviceFigures>[]
  readonly sum: { readonly completeness: number | null }
  readonly next: string | null
}

interface AssetsView {
  readonly assets: readonly (Windowed<AssetFigures> & { readonly state: string })[]
  readonly next: string | null
}

const WINDOWS = { devices: ['hour', 'day', 'total'], assets: ['hour', 'shift', 'day', 'total'] }

export async function devices(call: Call): Promise<number> {
  const all: Windowed<DeviceFigures>[] = []
  let view: DevicesView | undefined
  for (let cursor: string | null | undefined; cursor !== null; cursor = view.next) {
    view = await pageOf<DevicesView>(call, 'devices', cursor)
    all.push(...view.devices)
  }
  const { sum } = view!
  if (call.terminal.json) call.terminal.resultJson({ devices: all, sum })
  else {
    const rows = all.map((device) => [device.name, ...deviceCells(pickOf(call, device)?.figures)])
    const head = ['device', 'up', 'down', 'failures', 'MTBF', 'MTTR', 'samples', 'complete']
    for (const line of columns([head, ...rows])) call.terminal.result(line)
    call.terminal.say(`all devices: ${percent(completenessOf(call, all))} of the expected samples are good`)
  }
  return Exit.ok
}

export async function assets(call: Call): Promise<number> {
  const all: AssetsView['assets'][number][] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const view = await pageOf<AssetsView>(call, 'assets', cursor)
    all.push(...view.assets)
    cursor = view.next
  }
  if (call.terminal.json) call.terminal.resultJson({ assets: all })
  else if (all.length === 0) call.terminal.say('there are no assets: the configuration has no `assets`')
  else {
    const rows = all.map((asset) => {
      const window = pickOf(call, asset)
      return [asset.name, asset.state, window?.name ?? '-', ...assetCells(window?.figures)]
    })
    const head = ['asset', 'now', 'shift', 'OEE', 'available', 'perform', 'quality', 'pieces', 'rejected', 'ran', 'unknown'] // prettier-ignore
    for (const line of columns([head, ...rows])) call.terminal.result(line)
  }
  return Exit.ok
}

function pageOf<View>(call: Call, kind: keyof typeof WINDOWS, cursor: string | undefined): Promise<View> {
  const window = textOption(call, 'window')
  if (window !== undefined && !WINDOWS[kind].includes(window))
    throw new GatewayError('USAGE', `--window ${window}: expected one of ${WINDOWS[kind].join(', ')}`)
  const query = new URLSearchParams({
    ...(window === undefined ? {} : { window }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  return send<View>(gatewayUrl(call), `kpi/${kind}?${query.toString()}`)
}

const pickOf = <Figures>(call: Call, { current, previous }: Windowed<Figures>): Figured<Figures> | null =>
  call.options.previous === true ? previous : current

/** Over all devices, of the window that is shown. */
function completenessOf(call: Call, all: readonly Windowed<DeviceFigures>[]): number | null {
  const figures = all.flatMap((device) => pickOf(call, device)?.figures ?? [])
  const expected = figures.reduce((sum, { samplesExpected }) => sum + samplesExpected, 0)
  const good = figures.reduce((sum, { samplesGood }) => sum + samplesGood, 0)
  return expected > 0 ? good / expected : null
}

function deviceCells(figures: DeviceFigures | undefined): string[] {
  if (figures === undefined) return Array.from({ length: 7 }, () => '-')
  const { upMs, downMs, failures, mtbfMs, mttrMs, samplesExpected, samplesGood, completeness } = figures
  return [
    formatDuration(upMs),
    formatDuration(downMs),
    String(failures),
    mtbfMs === null ? '-' : formatDuration(mtbfMs),
    mttrMs === null ? '-' : formatDuration(mttrMs),
    `${samplesGood}/${samplesExpected}`,
    percent(completeness),
  ]
}

function assetCells(figures: AssetFigures | undefined): string[] {
  if (figures === undefined) return Array.from({ length: 8 }, () => '-')
  const { oee, availability, performance, quality, produced, rejected, missed, runningMs, unknownMs } = figures
  return [
    ...[oee, availability, performance, quality].map(percent),
    `${Math.round(produced)}${missed > 0 ? ` (+${Math.round(missed)} missed)` : ''}`,
    rejected === null ? '-' : String(Math.round(rejected)),
    formatDuration(runningMs),
    formatDuration(unknownMs),
  ]
}

const percent = (ratio: number | null): string => (ratio === null ? '-' : `${(100 * ratio).toFixed(2)} %`)
