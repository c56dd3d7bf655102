/**
 * Functions that read and change nothing: safe to ask again, harmless when they are carried out late. FC 8 may restart a device, 23
 * writes too; what the standard does not name may do anything. Modbus Application Protocol V1.1b3, 6.
 */
export const READ_FUNCTIONS: ReadonlySet<number> = new Set([1, 2, 3, 4, 7, 11, 12, 17, 20, 24, 43])
