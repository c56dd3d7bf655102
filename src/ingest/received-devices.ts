/**
 * The devices of other gateways, as people look at them: which gateway brings them, and whether it is here. What was received stays in
 * the log as it was sent; that nobody can vouch for it while the gateway is away is said where values are shown.
 */
import type { LatestValue } from '../core/sink.ts'
import { isBad, Status } from '../core/status.ts'
import type { DeviceOwners } from './received-tags.ts'

/** A gateway that may connect, as far as its devices go. */
export interface DeviceSource {
  /** Its address; undefined while it is away. */
  readonly from: string | undefined
  /** Since when it is here, or away, ms since 1970. */
  readonly since: number
  /** Why it is away; undefined: it has not connected since the start. */
  readonly awayBecause: string | undefined
}

export interface ReceivedDevice {
  readonly name: string
  /** The gateway that brings it. */
  readonly client: string
  readonly state: 'Running' | 'Connecting'
  /** ms since 1970. */
  readonly stateSince: number
  /** Why its values may be old, in a sentence; null while its gateway is here. */
  readonly reason: string | null
  /** Where it comes from, in words. */
  readonly endpoint: string
  /** Nothing more is known of a single tag than its status says. */
  reasonOf(): undefined
}

export class ReceivedDevices {
  readonly #owners: DeviceOwners
  readonly #source: (client: string) => DeviceSource

  constructor(owners: DeviceOwners, source: (client: string) => DeviceSource) {
    this.#owners = owners
    this.#source = source
  }

  get all(): ReceivedDevice[] {
    return [...this.#owners.received].map(([name, client]) => this.#view(name, client))
  }

  find(name: string): ReceivedDevice | undefined {
    const client = this.#owners.received.get(name)
    return client === undefined ? undefined : this.#view(name, client)
  }

  /**
   * The value as it can be vouched for now. Its age counts from when it was measured, not from when it came here. While its gateway is
   * away a usable value is the last one that was usable (field guide: link lost, value kept). What a gateway's own device says, such as
   * `connected`, is ours.
   */
  vouch(device: string, latest: LatestValue): LatestValue {
    const client = this.#owners.received.get(device)
    if (client === undefined || client === device || latest.value === undefined) return latest
    const receivedAt = Math.min(latest.receivedAt, latest.time)
    const isKept = this.#source(client).from === undefined && !isBad(latest.status)
    return { ...latest, receivedAt, status: isKept ? Status.UncertainNoCommunicationLastUsableValue : latest.status }
  }

  #view(name: string, client: string): ReceivedDevice {
    const { from, since, awayBecause } = this.#source(client)
    const isHere = from !== undefined
    return {
      name,
      client,
      state: isHere ? 'Running' : 'Connecting',
      stateSince: since,
      reason: isHere ? null : awayReason(client, awayBecause),
      endpoint: isHere ? `${client} at ${from}` : client,
      reasonOf: () => undefined,
    }
  }
}

const awayReason = (client: string, because: string | undefined): string =>
  because === undefined ? `${client} has not connected since this gateway started` : `${client} is away: ${because}`
