/** What a driver says of itself beside values: how its subscriptions do, and what others did through a server of it. */

/** How the subscriptions of a device do, by evidence: what they sent, and what a read beside them says. Counters from the start. */
export interface LivenessView {
  /** Since when the evidence speaks against them, ms since 1970; undefined: it does not. */
  readonly staleSince: number | undefined
  /** When they proved last that they are alive, ms since 1970: what they have not reported until then has not changed. */
  readonly provenAt: number
  readonly subscriptions: number
  readonly monitoredItems: number
  /** What was made anew because it had gone silent. */
  readonly rebuilds: { readonly subscription: number; readonly session: number; readonly socket: number }
  /** Notifications that are lost for good, and those that were missing and sent again. */
  readonly missed: number
  readonly republished: number
  /** Values before which a queue of the server overflowed. */
  readonly overflows: number
  /** Reads that compared a value with what was reported of it. */
  readonly canaries: number
  /** The far side's clock before ours, ms; undefined: not known. */
  readonly skewMs: number | undefined
  /** How often its clock was set back. */
  readonly clockResets: number
}

/** What others did through a server of the driver (a proxy), since the start. */
export interface ServedView {
  /** Where they connect. */
  readonly listen: string
  /** Connected there now. */
  readonly clients: number
  readonly requests: number
  /** Answered from what was read lately. */
  readonly cached: number
  /** Not passed on to the device, by reason: the same few words always. */
  readonly refused: Readonly<Record<string, number>>
}
