/** Ctrl K, or its button in the header: to any screen, device or tag by its name, without a hand on the mouse. */
import { Button, Modal, TextInput } from '@mantine/core'
import { useEffect, useMemo, useState, type KeyboardEvent } from 'react'
import { useLiveStore } from '../live/context.ts'
import { shellStrings as strings } from '../strings/shell.ts'
import { hrefOf, navigate } from './address.ts'
import { usePermissions } from './permissions.ts'
import { SCREENS } from './screens.ts'

const MOST = 12

interface Place {
  readonly kind: keyof typeof strings.kinds
  readonly name: string
  readonly href: string
}

export function GoTo() {
  const [opened, setOpened] = useState(false)
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      setOpened(true)
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
  return (
    <>
      <Button size="compact-sm" variant="default" className="go-to-open" onClick={() => setOpened(true)}>
        {strings.goTo} <kbd>{strings.goToKeys}</kbd>
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={strings.goTo} yOffset="12vh">
        {opened && <Search onDone={() => setOpened(false)} />}
      </Modal>
    </>
  )
}

function Search({ onDone }: { onDone(): void }) {
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const places = usePlaces(text)
  const go = (place: Place | undefined) => {
    if (place === undefined) return
    onDone()
    navigate(place.href)
  }
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === 'Enter') go(places[chosen])
    if (step === undefined) return
    event.preventDefault()
    setChosen((chosen + step + places.length) % Math.max(1, places.length))
  }
  return (
    <>
      <TextInput
        data-autofocus
        role="combobox"
        aria-label={strings.goTo}
        aria-expanded
        aria-controls="go-to-list"
        aria-activedescendant={places.length > 0 ? `go-to-${chosen}` : undefined}
        placeholder={strings.goToHint}
        value={text}
        onKeyDown={onKey}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setChosen(0)
        }}
      />
      <ul id="go-to-list" role="listbox" aria-label={strings.goTo} className="go-to">
        {places.map((place, index) => (
          <li
            key={place.href}
            id={`go-to-${index}`}
            role="option"
            aria-selected={index === chosen}
            onMouseMove={() => setChosen(index)}
            onClick={() => go(place)}
          >
            <bdi className="clip">{place.name}</bdi>
            <span className="quiet">{strings.kinds[place.kind]}</span>
          </li>
        ))}
      </ul>
      {places.length === 0 && <p className="quiet">{strings.goToNothing}</p>}
    </>
  )
}

function usePlaces(text: string): readonly Place[] {
  const store = useLiveStore()
  const permissions = usePermissions()
  return useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    const fits = (searched: string) => words.every((word) => searched.includes(word))
    const found: Place[] = []
    for (const { path, title, group, permission } of SCREENS)
      if (group !== undefined && fits(title.toLowerCase()) && (!permission || permissions.includes(permission)))
        found.push({ kind: 'screen', name: title, href: path })
    if (words.length === 0) return found.slice(0, MOST)
    for (const { name } of store.devices) {
      if (found.length >= MOST) break
      if (fits(name.toLowerCase())) found.push({ kind: 'device', name, href: hrefOf('/device', { name }) })
    }
    for (const { key, searched } of store.tags) {
      if (found.length >= MOST) break
      if (fits(searched)) found.push({ kind: 'tag', name: key, href: hrefOf('/values', { q: key }) })
    }
    return found.slice(0, MOST)
  }, [text, store, permissions])
}
