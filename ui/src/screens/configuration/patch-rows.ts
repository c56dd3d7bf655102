/** A unified patch as rows for the eye: beside each other what was and what is, with the numbers of the lines. */

export interface PatchSide {
  readonly line: number
  readonly text: string
}

export type PatchRow =
  | { readonly kind: 'file'; readonly text: string }
  | { readonly kind: 'place'; readonly text: string }
  | { readonly kind: 'same'; readonly before: PatchSide; readonly after: PatchSide }
  | { readonly kind: 'change'; readonly before: PatchSide | undefined; readonly after: PatchSide | undefined }

export function patchRows(patch: string): PatchRow[] {
  const rows: PatchRow[] = []
  let [old, now] = [0, 0]
  let [gone, come]: [PatchSide[], PatchSide[]] = [[], []]
  const flush = () => {
    for (let nth = 0; nth < Math.max(gone.length, come.length); nth++)
      rows.push({ kind: 'change', before: gone[nth], after: come[nth] })
    ;[gone, come] = [[], []]
  }
  let inHunk = false
  for (const line of patch.replace(/\n$/, '').split('\n')) {
    const place = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line)
    if (place !== null) {
      flush()
      ;[old, now] = [Number(place[1]), Number(place[2])]
      inHunk = true
      rows.push({ kind: 'place', text: line })
    } else if (line.startsWith('--- ') && (!inHunk || isHead(line))) {
      flush()
      inHunk = false
      rows.push({ kind: 'file', text: line.slice(4).replace(/^a\//, '') })
    } else if (!inHunk) {
      const name = line.startsWith('+++ ') ? line.slice(4).replace(/^b\//, '') : undefined
      // A file that was not there before has its name on this side only.
      if (name !== undefined && name !== '/dev/null') rows[rows.length - 1] = { kind: 'file', text: name }
    } else if (line.startsWith('-')) gone.push({ line: old++, text: line.slice(1) })
    else if (line.startsWith('+')) come.push({ line: now++, text: line.slice(1) })
    else if (!line.startsWith('\\')) {
      flush()
      const text = line.slice(1)
      rows.push({ kind: 'same', before: { line: old++, text }, after: { line: now++, text } })
    }
  }
  flush()
  return rows
}

/** Within a hunk `--- a/` is the next file, everything else a line that begins with two hyphens. */
const isHead = (line: string): boolean => /^--- (?:a\/|\/dev\/null)/.test(line)
