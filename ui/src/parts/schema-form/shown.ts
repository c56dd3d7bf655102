/** A setting as the gateway shows it, as it would be typed: a list is shown as `[1,2]`. */
export function shownToDraft(shown: string | number | boolean | null): string {
  const text = String(shown ?? '')
  if (!/^\[.*\]$/.test(text)) return text
  try {
    return (JSON.parse(text) as unknown[]).map(String).join(', ')
  } catch {
    return text
  }
}
