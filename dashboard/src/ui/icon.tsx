import type { ReactElement } from 'react'

const PATHS = {
  overview: 'M3 3h5v6H3zM12 3h5v3h-5zM12 10h5v7h-5zM3 13h5v4H3z',
  key: 'M7 13.5a3.5 3.5 0 1 1 2.9-5.5H17v3h-1.8v2.4h-2.6V11H10a3.5 3.5 0 0 1-3 2.5z',
  webhook:
    'M10 3.5a3 3 0 0 1 2.6 4.4M10 6.5 6.7 12.6M5 11.7a3 3 0 1 0 3.6 3.8h5.9M15 15.5a3 3 0 1 0-1.7-3.5L10 6.5',
  audit: 'M5 2.8h7l3.5 3.5v11H5zM12 3v3.5h3.3M7.5 10h5M7.5 13h5',
  settings: 'M3 6h8M15 6h2M3 14h2M9 14h8M11 6a2 2 0 1 0 4 0 2 2 0 1 0-4 0M5 14a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  findings: 'M10 3 18 16.5H2zM10 8v4M10 14.3v.2',
  rotation: 'M16.5 8A7 7 0 0 0 4 6.5M3.5 12A7 7 0 0 0 16 13.5M4 3v3.7h3.7M16 17v-3.7h-3.7',
  account: 'M10 10.5a3.25 3.25 0 1 0 0-6.5 3.25 3.25 0 0 0 0 6.5zM4 17c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5',
  signOut: 'M8 3H4v14h4M9 10h8M13.5 6.5 17 10l-3.5 3.5',
  eye: 'M1.5 10S4.5 4.5 10 4.5 18.5 10 18.5 10 15.5 15.5 10 15.5 1.5 10 1.5 10zM10 12.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  eyeOff:
    'M3 3l14 14M8 4.700c.6-.1 1.3-.2 2-.2 5.5 0 8.5 5.5 8.5 5.500s-.8 1.5-2.3 2.900M13.5 14.700c-1 .5-2.2.8-3.5.800C4.5 15.5 1.5 10 1.5 10s1.1-2 3.1-3.600M8.2 8.300a2.5 2.5 0 0 0 3.5 3.5',
  check: 'm4 10.5 4 4 8-9',
  chevronDown: 'm5.5 8 4.5 4.500L14.5 8',
  chevronRight: 'm8 5.5 4.5 4.500L8 14.5',
  chevronsUpDown: 'm6.5 8 3.5-3.500L13.5 8M6.5 12l3.5 3.5 3.5-3.5',
  arrowUp: 'M10 16V4M5 9l5-5 5 5',
  arrowDown: 'M10 4v12M5 11l5 5 5-5',
  arrowLeft: 'M16 10H4M9 5l-5 5 5 5',
  external: 'M8 4H4v12h12v-4M11.5 3.500h5v5M16 4l-6.5 6.5',
  close: 'm5 5 10 10M15 5 5 15',
  copy: 'M7.5 7.500V3.500h9v9h-4M3.5 7.500h9v9h-9z',
  plus: 'M10 4v12M4 10h12',
  more: 'M10 4.500v.1M10 10v.1M10 15.500v.1',
  search: 'M9 14.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4 4',
  filter: 'M3 5h14M6 10h8M8.5 15h3',
  trash: 'M3.5 5.500h13M8 5V3h4v2M5 5.500l.8 11.500h8.400L15 5.500M8.3 9v5M11.7 9v5',
  pencil: 'm4 16 .7-3.500L13.5 3.700l2.8 2.800L7.5 15.300z',
  pause: 'M7 4v12M13 4v12',
  play: 'm6 4 10 6-10 6z',
  ban: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM5 5l10 10',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4.500l3 1.7',
  shield: 'M10 2.5 16 5v4.500c0 4-2.5 6.5-6 8-3.5-1.5-6-4-6-8V5z',
  fingerprint:
    'M5 8a5.5 5.5 0 0 1 10.5 1.500c0 2 0 3.5-.5 5.500M4.5 12c.3-1 .3-2 .3-2.700M7.5 16c.7-2 .8-4 .8-6.200a1.9 1.9 0 0 1 3.8 0c0 2.7-.2 4.7-1 7.2',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.500v4M10 6.500v.2',
  warning: 'M10 3 18 16.500H2zM10 8v4M10 14.300v.2',
  system: 'M3 4h14v9H3zM7 17h6M10 13v4',
  sun: 'M10 13.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.500v2M10 16.500v2M1.5 10h2M16.5 10h2M4 4l1.4 1.400M14.6 14.6 16 16M16 4l-1.4 1.400M5.4 14.6 4 16',
  moon: 'M16.5 12A7 7 0 0 1 8 3.500a7 7 0 1 0 8.5 8.500z',
  download: 'M10 3v10M5.5 9l4.5 4.500L14.5 9M3.5 17h13',
  people:
    'M7.5 9.500a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.400zM2.5 16c.4-2.7 2.3-4 5-4s4.6 1.3 5 4M13 4.300a2.7 2.7 0 0 1 0 5M14.5 12.200c1.7.5 2.7 1.8 3 3.8',
} as const

/** Names of the icons there are. */
export type IconName = keyof typeof PATHS

/** A picture beside a text. It says nothing to screen readers: the text or the label next to it does. */
export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }): ReactElement {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.5 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
