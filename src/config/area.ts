/** Where a device stands: words with slashes between them, from the whole to the part. Rights may be limited to areas. */
import { z } from 'zod'

export const areaSchema = z
  .string()
  .regex(
    /^[^\s/*?](?:[^/*?\p{Cc}]*[^\s/*?])?(?:\/[^\s/*?](?:[^/*?\p{Cc}]*[^\s/*?])?)*$/u,
    'expected words with slashes between them, such as site-1/line-2',
  )
  .max(200)
