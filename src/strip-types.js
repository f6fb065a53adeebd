// Node strips no types below node_modules, where an installed package is. Each thread that loads our files asks for this.
if (import.meta.url.includes('/node_modules/')) {
  const { registerHooks, stripTypeScriptTypes } = await import('node:module')
  const { readFileSync } = await import('node:fs')
  registerHooks({
    load: (url, context, next) =>
      url.startsWith(new URL('.', import.meta.url).href) && url.endsWith('.ts')
        ? { format: 'module', source: stripTypeScriptTypes(readFileSync(new URL(url), 'utf8')), shortCircuit: true }
        : next(url, context),
  })
}
