/** Configuration of another program, or why it cannot be written: each problem says what to do. */
export type Rendered =
  | { readonly kind: 'rendered'; readonly text: string }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }
