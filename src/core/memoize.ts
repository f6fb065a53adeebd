/** Makes a value once for each object, and forgets it with the object. For few of them: the collector goes through all. */
export const memoizeWeak = <K extends object, V>(make: (key: K) => V): ((key: K) => V) => {
  const made = new WeakMap<K, V>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const value = make(key)
    made.set(key, value)
    return value
  }
}

/** As many of the keys asked for last are sure to be remembered, and at most twice as many. */
const MAX_RECENT = 2_000

/** Makes a value anew only for a key that was not asked for lately. Undefined is not remembered. */
export const memoizeRecent = <K, V>(make: (key: K) => V): ((key: K) => V) => {
  let recent = new Map<K, V>()
  let older = recent
  return (key) => {
    const known = recent.get(key)
    if (known !== undefined) return known
    const value = older.get(key) ?? make(key)
    if (value === undefined) return value
    if (recent.size >= MAX_RECENT) {
      older = recent
      recent = new Map()
    }
    recent.set(key, value)
    return value
  }
}
