/**
 * Devices for live clients: looked at once a second while somebody listens. A change of state, reason or quality counts at
 * once; counters and times are renewed every second, and where there are many devices they take turns, within five.
 */
import type { Gateway } from '../../gateway.ts'
import type { Slice } from '../../observe/slice.ts'
import { shownDevices } from '../shown-devices.ts'
import { countTags, deviceView } from '../views.ts'

/** Renewed in one second before devices take turns, and the most turns it takes: 10,000 devices must not fill the socket. */
const RENEWED_AT_ONCE = 500
const MOST_TURNS = 5

interface Entry {
  key: string
  text: string
  version: number
}

export class DeviceFeed {
  version = 0
  readonly #gateway: Gateway
  readonly #entries = new Map<string, Entry>()
  #round = 0

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /** Looks at every device once. */
  async refresh(slice: Slice): Promise<void> {
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
        const text = JSON.stringify(deviceView(this.#gateway, device, tags))
        if (entry?.text !== text) this.#entries.set(device.name, { key, text, version: this.version })
      }
      await slice.breathe()
    }
  }

  /** JSON texts of the devices that changed after `version`. */
  since(version: number, devices: ReadonlySet<string> | undefined): string[] {
    const texts: string[] = []
    for (const [name, entry] of this.#entries) {
      if (entry.version > version && (devices === undefined || devices.has(name))) texts.push(entry.text)
    }
    return texts
  }
}
