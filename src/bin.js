#!/usr/bin/env node
import './require-node.js'
import './strip-types.js'

await import('./main.ts')
