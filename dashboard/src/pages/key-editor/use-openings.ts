import { useState } from 'react'

/** How often something was opened: as the `key` of what it shows, it begins anew each time. */
export function useOpenings(open: boolean): number {
  const [was, setWas] = useState(open)
  const [count, setCount] = useState(0)
  if (open !== was) {
    setWas(open)
    if (open) setCount(count + 1)
  }
  return count
}
