import { STATIC_TABLE } from './static-table.ts'

/**
 * Writes fields as a header block that changes no dynamic table, so that it may be sent at any time (RFC 7541 §6.2.2, and
 * §6.1 where all of a field is known). For short ASCII texts: none may be longer than 126 characters.
 */
export const toHeaderBlock = (fields: readonly (readonly [name: string, value: string])[]): Buffer =>
  Buffer.concat(
    fields.map(([name, value]) => {
      const index = STATIC_TABLE.findIndex((known) => known.name === name && known.value === value)
      return index === -1 ? Buffer.concat([ZERO, toText(name), toText(value)]) : Buffer.from([0x80 | (index + 1)])
    }),
  )

const ZERO = Buffer.from([0])

const toText = (text: string): Buffer => {
  if (text.length > 126) throw new Error('too long for a header block')
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
}
