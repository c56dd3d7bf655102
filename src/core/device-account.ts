/**
 * What polling tells of a device to whoever keeps its figures (up and down, samples that came and samples that should have): a call a
 * change of state, and one a polling interval; never one a sample.
 */

/** `away`: nobody looks at it now, as while its session begins; `off`: it is disabled. */
export type AccountState = 'up' | 'down' | 'away' | 'off'

export interface DeviceAccount {
  became(state: AccountState): void
  /** An interval of a group of tags is over: how many samples it should have brought, and how many good ones it did. */
  interval(expected: number, good: number): void
}
