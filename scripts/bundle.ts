import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * Writes to `dist` what the image runs: the sources and the packages that each gate loads, in some thirty files instead of 430,
 * which takes a third off the time of a start. A file that is started by its name lies where the sources look for it.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUT = `${ROOT}dist`

/** They stay packages: most gates never load these clients, and bcrypt is native. */
const EXTERNAL = ['@kubernetes/client-node', '@redis/client', 'bcrypt']

/** Packages in CommonJS ask for Node's own modules by it. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`

rmSync(OUT, { recursive: true, force: true })
await build({
  entryPoints: { main: 'src/main.ts', 'side-thread-entry': 'src/sources/side-thread-entry.js' },
  absWorkingDir: ROOT,
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  external: EXTERNAL,
  banner: { js: REQUIRE },
  logLevel: 'warning',
})
