import type { ReactElement } from 'react'
import { ActorName } from '../../people/actor-name.js'

/** What an event is about: a key by its name, anything else as the event has it. */
export function Subject({ subject }: { readonly subject: string }): ReactElement {
  return subject.startsWith('key_') ? <ActorName id={subject} /> : <>{subject}</>
}
