/** The folders of the packages that these modules belong to, each once, in order. */
export function packagesOf(modules: readonly string[]): string[] {
  const folders = modules.flatMap((id) => {
    const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replace(/^\0/, ''))
    return found === null ? [] : [found[1]!]
  })
  return [...new Set(folders)].sort()
}
