/** The bounds of the link (PROTOCOL.md, "Bounds"): what is longer is a PROTOCOL_VIOLATION, or is refused before it is sent. */

/** The version that this code speaks; each side names the ones it knows, the highest common one is spoken. */
export const LINK_VERSION = 1

/** The longest frame, its eight bytes of length and checksum included. */
export const MAX_FRAME_BYTES = 256 * 1024
/** Before the hello is accepted nobody may send more at once. */
export const MAX_HELLO_BYTES = 4096
/** The rows of one samples frame, before compression; what zstd makes of bytes that it cannot press still fits a frame. */
export const MAX_RAW_BYTES = 192 * 1024
/** The longest string or bytes value. */
export const MAX_VALUE_BYTES = 128 * 1024
export const MAX_FRAME_ROWS = 16_384
/** Tags of one client, and so the highest alias. */
export const MAX_ALIAS = 1_000_000
/** Names, units, reasons, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 1024
/** The latest time that can be written as a date (ECMA-262, 21.4.1.1), on either side of 1970. */
export const MAX_TIME = 8.64e15
/** Stretches of numbers in a welcome. */
export const MAX_RANGES = 64
