/** Gives the person a file to keep, as a download. */
export function saveFile(
  name: string,
  parts: readonly (string | Uint8Array<ArrayBuffer>)[],
  type = 'application/octet-stream',
): void {
  const address = URL.createObjectURL(new Blob([...parts], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The download has begun with the press; the browser holds on to what it needs.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
