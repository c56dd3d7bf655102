/**
 * Devices for live clients: looked at once a second while somebody listens. A change of state, reason or quality counts at
 * once; counters and times are renewed every second, and where there are many devices they take turns, within five.
 */
import type { Gateway } from '../../gateway.ts'
import type { Slice } from '../../core/slice.ts'
import type { System } from '../../observe/system/system.ts'
import { shownDevices } from '../shown-devices.ts'
import { countTags, deviceView } from '../views.ts'

/** Renewed in one second before devices take turns, and the most turns it takes: 10,000 devices must not fill the socket. */
const RENEWED_AT_ONCE = 500
const MOST_TURNS = 5

interface Entry {
  key: string
  text: string
  version: number
  readonly hasTags: boolean
  /** When its state, reason or quality changed last. */
  newsVersion: number
}

export class DeviceFeed {
  version = 0
  readonly #gateway: Gateway
  readonly #system: System
  readonly #entries = new Map<string, Entry>()
  #round = 0

  constructor(gateway: Gateway, system: System) {
    this.#gateway = gateway
    this.#system = system
  }

  /** Looks at every device once. True: one without tags is gone, which no change of tags tells of. */
  async refresh(slice: Slice): Promise<boolean> {
    this.version++
    this.#round++
    const devices = shownDevices(this.#gateway)
    const turns = Math.min(MOST_TURNS, Math.ceil(devices.length / RENEWED_AT_ONCE))
    let at = 0
    for (const device of devices) {
      const tags = countTags(this.#gateway, device)
      const key = `${device.state} ${device.stateSince} ${tags.good} ${tags.uncertain} ${tags.bad} ${device.reason}`
      const entry = this.#entries.get(device.name)
      const due = (at++ + this.#round) % turns === 0
      if (entry === undefined || entry.key !== key || due) {
        const text = JSON.stringify(deviceView(this.#gateway, this.#system, device, tags))
        const newsVersion = entry?.key === key ? entry.newsVersion : this.version
        if (entry?.text !== text)
          this.#entries.set(device.name, { key, text, version: this.version, newsVersion, hasTags: tags.total > 0 })
      }
      await slice.breathe()
    }
    return this.#entries.size > devices.length && this.#forgetOthers(new Set(devices.map(({ name }) => name)))
  }

  /** Devices that are no longer there. */
  #forgetOthers(names: ReadonlySet<string>): boolean {
    let isNews = false
    for (const [name, { hasTags }] of this.#entries) {
      if (names.has(name)) continue
      this.#entries.delete(name)
      isNews ||= !hasTags
    }
    return isNews
  }

  /** Whether more than counters and times changed after `version`. */
  hasNews(version: number, devices: ReadonlySet<string>): boolean {
    for (const name of devices) if ((this.#entries.get(name)?.newsVersion ?? 0) > version) return true
    return false
  }

  /** JSON texts of the devices that changed after `version`. */
  since(version: number, devices: ReadonlySet<string> | undefined): string[] {
    const texts: string[] = []
    const take = (entry: Entry | undefined): void => {
      if (entry !== undefined && entry.version > version) texts.push(entry.text)
    }
    // A thousand clients with a device each must not walk over all devices a thousand times.
    if (devices === undefined) for (const entry of this.#entries.values()) take(entry)
    else for (const name of devices) take(this.#entries.get(name))
    return texts
  }
}
