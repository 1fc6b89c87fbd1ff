import type { KeyView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { useState, type ComponentType, type ReactElement } from 'react'
import { keyQuery } from './queries.js'

/** What every dialog about a key takes. */
export interface KeyDialogProps {
  /** The key it is about; null while it is closed. */
  readonly apiKey: KeyView | null
  /** Called when it is to close: with the key as it is now where something was done, else with null. */
  readonly onDone: (changed: KeyView | null) => void
}

/** What the content of such a dialog takes. */
export interface KeyDialogContentProps {
  /** The key as it is at this moment: lists may be minutes old, and who used it last decides what is asked. */
  readonly apiKey: KeyView
  readonly onDone: KeyDialogProps['onDone']
  /** False while the dialog leaves the screen. */
  readonly open: boolean
  /** Reads the key again, after somebody else changed it. */
  readonly onReload: () => Promise<unknown>
}

/** Holds what a dialog shows: fresh at each opening, and still there while it leaves the screen. */
export function KeyDialogHost(
  props: KeyDialogProps & { readonly content: ComponentType<KeyDialogContentProps> },
): ReactElement | null {
  const { apiKey, onDone, content } = props
  const [shown, setShown] = useState({ apiKey, open: apiKey !== null, opening: 0 })
  const open = apiKey !== null
  if (open !== shown.open || (open && apiKey !== shown.apiKey)) {
    const opening = open && !shown.open ? shown.opening + 1 : shown.opening
    setShown({ apiKey: apiKey ?? shown.apiKey, open, opening })
  }
  if (shown.apiKey === null) return null
  return (
    <FreshKey
      key={`${shown.apiKey.id} ${String(shown.opening)}`}
      apiKey={shown.apiKey}
      open={open}
      onDone={onDone}
      content={content}
    />
  )
}

function FreshKey(props: {
  readonly apiKey: KeyView
  readonly open: boolean
  readonly onDone: KeyDialogProps['onDone']
  readonly content: ComponentType<KeyDialogContentProps>
}): ReactElement {
  const { apiKey, open, onDone, content: Content } = props
  const { data, refetch } = useQuery({
    ...keyQuery(apiKey.id),
    initialData: apiKey,
    staleTime: 0,
    enabled: open,
  })
  return <Content apiKey={data} open={open} onDone={onDone} onReload={refetch} />
}
