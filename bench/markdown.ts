/** The lines of a table; the first cell of each row is its title. */
export const toTable = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  [head, ['---', ...head.slice(1).map(() => '---:')], ...rows].map((cells) => `| ${cells.join(' | ')} |`)

export const toMicroseconds = (value: number): string => `${value.toFixed(0)} µs`
/** Of milliseconds, with as many digits as tell waits apart. */
export const toMilliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`
export const toMegabytes = (value: number): string => `${value.toFixed(0)} MB`
export const toRatio = (value: number): string => `${value.toFixed(2)} ×`
