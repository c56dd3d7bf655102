/** Times in requests: ISO 8601 or ms since 1970. */
import { z } from 'zod'

export const timeSchema = z
  .string()
  .refine((text) => parseTime(text) !== undefined, 'expected an ISO 8601 time or milliseconds since 1970')

/** ms since 1970; undefined for what is no time. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text)
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? ms : undefined
}
