/** Whether a stored set belongs to the device that is there now: maker and model have to be the same, and both have to be known. */
import type { Identity } from '../core/driver.ts'

/** What a device said of itself, now or when a set was saved. */
export type ToldIdentity = { readonly [Key in keyof Identity]?: string | undefined }

export type IdentityVerdict =
  /** Maker and model are those that the set was saved from, or it was saved from a device that told neither. */
  | 'same'
  /** The set was saved from a device that told nothing, so that nothing can be compared. */
  | 'unknown'
  /** Another model, or one that does not tell what it is. */
  | 'other'

export interface IdentityCheck {
  readonly verdict: IdentityVerdict
  readonly stored: ToldIdentity
  readonly device: ToldIdentity
  /** What people should know of it; undefined: nothing. */
  readonly remark?: string | undefined
}

/** A replacement has another serial number, and may have another firmware: that is told and does not count. */
export function checkIdentity(stored: ToldIdentity, device: ToldIdentity): IdentityCheck {
  const known = { stored, device }
  if (stored.vendor === undefined && stored.product === undefined) {
    return { ...known, verdict: 'unknown', remark: 'The set was saved from a device that does not say what it is.' }
  }
  if (stored.vendor !== device.vendor || stored.product !== device.product) {
    const now =
      device.vendor === undefined && device.product === undefined ? 'does not say what it is' : `is ${namedAs(device)}`
    return { ...known, verdict: 'other', remark: `The set was saved from ${namedAs(stored)}; the device ${now}.` }
  }
  if (stored.firmware !== device.firmware) {
    const remark = `The firmware was ${stored.firmware ?? 'not told'} when the set was saved, and is ${device.firmware ?? 'not told'} now.`
    return { ...known, verdict: 'same', remark }
  }
  return { ...known, verdict: 'same' }
}

const namedAs = ({ vendor, product }: ToldIdentity): string =>
  [vendor, product].filter((word) => word !== undefined).join(' ')
