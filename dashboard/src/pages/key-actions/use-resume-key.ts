import type { KeyView } from '@bitting/client'
import { useAct } from './use-act.js'
import { resumeKey } from './use-key-actions.js'

/** Resumes a suspended key with one press, which can be taken back: `{ resume, pending }`. */
export function useResumeKey(): { readonly resume: (key: KeyView) => void; readonly pending: boolean } {
  const { run, pending } = useAct()
  return { resume: (key) => run(() => resumeKey(key)), pending }
}
