/** snappyjs brings no types. */
declare module 'snappyjs' {
  /** The block format. */
  export function compress(bytes: Uint8Array): Uint8Array
  export function uncompress(bytes: Uint8Array): Uint8Array
}
