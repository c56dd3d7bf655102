/**
 * The parameters of a device: named sets of addresses that are read, kept, compared and put back, apart from the tags that are
 * polled. A parameter is an address and a type in the words of the device's own driver; nothing here knows a protocol.
 */
import type { TagSettings } from './tags.ts'

/** One parameter as configured: said in the words of a tag, and two of its own. */
export interface ParameterSettings extends TagSettings {
  /** Values that differ by no more than this count as equal, in engineering units; absent: they are the same to the bit. */
  readonly tolerance?: number | undefined
  /** It is compared and never written. */
  readonly readOnly?: boolean | undefined
}

/** `address` is what the driver's `parseAddress` made of `settings.address`. */
export interface Parameter {
  readonly settings: ParameterSettings
  readonly address: unknown
}

/** What a restore does after a parameter that could not be written. */
export const RESTORE_FAILURES = ['stop', 'continue'] as const

/** A named set of parameters of one device, in the order in which they are written back. */
export interface ParameterSet {
  readonly name: string
  readonly description?: string | undefined
  /** It may be written to the device, where the device allows it too (`parameterWrites`). */
  readonly restore: boolean
  readonly onFailure: (typeof RESTORE_FAILURES)[number]
  /** How often the device is compared with the newest version by itself; absent: never. */
  readonly compareEveryMs?: number | undefined
  readonly parameters: readonly Parameter[]
}

/** What is configured of the parameters of one device. */
export interface DeviceParameters {
  /** Sets that say `restore` may be written to this device. */
  readonly writes: boolean
  readonly sets: readonly ParameterSet[]
}
