/** The options of the file sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration, size } from '../../core/duration.ts'
import { messageOf } from '../../core/errors.ts'
import { folderOption } from '../../core/folder-option.ts'
import { parseName } from './file-name.ts'

const FORMATS = ['ndjson', 'csv', 'parquet'] as const
const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const

export const fileOptions = z
  .strictObject({
    folder: folderOption().describe(
      'The folder of the files. It is there already: where a disk is not mounted nothing is written beside it.',
    ),
    name: z
      .string()
      .default('{device}/{year}-{month}-{day}/{hour}{minute}{second}-{seq}')
      .superRefine((text, context) => {
        try {
          parseName(text)
        } catch (error) {
          context.addIssue({ code: 'custom', message: messageOf(error) })
        }
      })
      .describe(
        'Name of a file in the folder, without its ending, from {device}, {year}, {month}, {day}, {hour}, {minute}, {second} (when it was begun, UTC), {seq} (the first number in it), {log} and {sink}. {seq} is always in it. Without {device} all devices share a file.',
      ),
    format: z
      .enum(FORMATS)
      .default('ndjson')
      .describe('ndjson, csv or parquet. A file that is still written is NDJSON where it will be Parquet.'),
    maxSize: size({ minBytes: 1024 })
      .prefault('64MiB')
      .describe('A file is finished at this size, before it is compressed.'),
    maxAge: duration({ minMs: 1000 }).prefault('1h').describe('A file is finished this long after it was begun.'),
    compress: z.enum(COMPRESSIONS).default('none').describe('How finished NDJSON and CSV files are compressed.'),
    keepFiles: z.int().min(1).optional().describe('So many finished files are kept; all where absent.'),
    keepSize: size({ minBytes: 1024 })
      .optional()
      .describe('Finished files are kept up to this size together, the newest always; all where absent.'),
    maxRow: size({ minBytes: 512, maxBytes: 2 ** 28 })
      .prefault('1MiB')
      .describe('A sample whose line is longer goes to the dead letters.'),
  })
  .superRefine(({ format, compress }, context) => {
    if (format !== 'parquet' || compress === 'none') return
    context.addIssue({ code: 'custom', path: ['compress'], message: 'Parquet is compressed in itself: leave it out' })
  })

export type FileOptions = output<typeof fileOptions>
export type FileFormat = (typeof FORMATS)[number]
