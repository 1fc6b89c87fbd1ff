import { useMemo, type ReactElement } from 'react'
import { encode } from 'uqr'

/** Modules of white around the code that readers ask for (ISO/IEC 18004). */
const QUIET_ZONE = 4

/** A text as a QR code, dark on light in every theme: not every reader knows the other way round. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }): ReactElement {
  const { size, path } = useMemo(() => draw(text), [text])
  return (
    <svg
      className="account-qr"
      viewBox={`0 0 ${String(size)} ${String(size)}`}
      shapeRendering="crispEdges"
      role="img"
      aria-label={label}
    >
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  )
}

function draw(text: string): { readonly size: number; readonly path: string } {
  const { size, data } = encode(text, { ecc: 'M', border: QUIET_ZONE })
  const squares = data.flatMap((row, y) =>
    row.flatMap((dark, x) => (dark ? [`M${String(x)} ${String(y)}h1v1h-1z`] : [])),
  )
  return { size, path: squares.join('') }
}
