const TABLE = new Uint32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  TABLE[byte] = value
}

/**
 * CRC-32 (ISO 3309, as in zlib and PNG) of the first `length` characters of an ASCII string, as an unsigned
 * 32-bit number. A checksum against typing errors and false positives of scanners, never a proof of origin.
 */
export function crc32(text: string, length: number = text.length): number {
  let crc = 0xffffffff
  for (let index = 0; index < length; index++) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ text.charCodeAt(index)) & 0xff] ?? 0)
  }
  return ~crc >>> 0
}
