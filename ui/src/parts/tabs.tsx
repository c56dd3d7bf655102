/** The parts of a screen, each with an address of its own: links, so that they can be shared and opened beside each other. */
import { useAddress, hrefOf } from '../shell/address.ts'
import { Link } from '../shell/link.tsx'

interface Props {
  readonly label: string
  /** `id` is the word in the query; the first is shown where there is none. */
  readonly tabs: readonly { readonly id: string; readonly title: string }[]
}

/** The chosen tab is `?tab=` of the address. */
export function useTab(tabs: Props['tabs']): string {
  const wanted = useAddress().query.get('tab')
  return tabs.find(({ id }) => id === wanted)?.id ?? tabs[0]!.id
}

export function Tabs({ label, tabs }: Props) {
  const { path, query } = useAddress()
  const present = useTab(tabs)
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(({ id, title }) => (
        <Link
          key={id}
          href={hrefOf(path, { ...Object.fromEntries(query), tab: id === tabs[0]!.id ? undefined : id })}
          aria-current={id === present ? 'page' : undefined}
        >
          {title}
        </Link>
      ))}
    </nav>
  )
}
