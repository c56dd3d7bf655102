/**
 * What a request of a proxy's client is, by its function code (Modbus Application Protocol V1.1b3, 5.1 and 6). What is not known to
 * be a read counts as a write: vendors' own functions may do anything.
 */
const READS: ReadonlySet<number> = new Set([1, 2, 3, 4, 7, 11, 12, 17, 20, 24])

/** Reads whose answers are values and may be kept for a while. */
export const CACHED_FUNCTIONS: ReadonlySet<number> = new Set([1, 2, 3, 4])

export const DIAGNOSTICS = 8
const ENCAPSULATED = 43
const MEI_IDENTIFICATION = 14

export type RequestKind = 'read' | 'write' | 'never'

/** `never`: diagnostics (they can silence a device) and encapsulated transports other than device identification. */
export function kindOfRequest(pdu: Uint8Array): RequestKind {
  const code = pdu[0] ?? 0
  if (code === 0 || code >= 128 || code === DIAGNOSTICS) return 'never'
  if (code === ENCAPSULATED) return pdu[1] === MEI_IDENTIFICATION ? 'read' : 'never'
  return READS.has(code) ? 'read' : 'write'
}

/** True for function codes that only writers may use. */
export const isWriteFunction = (code: number): boolean =>
  kindOfRequest(Uint8Array.of(code, MEI_IDENTIFICATION)) === 'write'
