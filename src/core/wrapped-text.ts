/** Text for people in lines of a terminal. */

/** Words in lines of at most `width` characters; a word that is longer is cut. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((one) => cut(one, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Every part but the last has an even length: pairs of hex digits stay together. */
function cut(word: string, width: number): string[] {
  if (word.length <= width) return [word]
  const size = Math.max(2, width - (width % 2))
  return Array.from({ length: Math.ceil(word.length / size) }, (_, at) => word.slice(at * size, (at + 1) * size))
}
