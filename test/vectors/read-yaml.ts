import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** Parses a YAML file of this folder. A mapping's key `__proto__` stays an own property. */
export const readYaml = (name: string): unknown => parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
