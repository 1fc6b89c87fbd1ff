/** What the form of a key is opened for. */
export type KeyPart = 'name' | 'access' | 'expiry'

/** Where a part of a form begins to be filled in: at its switch, else at what is chosen, else at its first field. */
export function controlOf(form: HTMLElement | null, part: KeyPart): HTMLElement | null {
  const place = form?.querySelector(`[data-part=${part}]`)
  const controls = ['[role=switch]:enabled', ':checked:enabled', 'input']
  return controls.map((it) => place?.querySelector<HTMLElement>(it) ?? null).find((it) => it !== null) ?? null
}
