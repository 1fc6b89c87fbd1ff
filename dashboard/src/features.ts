import type { IconName } from './ui/icon.js'

/** A part of the dashboard that has its own place in the navigation. */
export interface Feature {
  readonly to: string
  readonly label: string
  readonly icon: IconName
}

/** Parts besides those that are always there: a page appears in the navigation by a line here. */
export const FEATURES: readonly Feature[] = []
