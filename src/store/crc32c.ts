/** Lives in `core/`, as frames on the wire are checked by it too. */
export { crc32c } from '../core/crc32c.ts'
