import { eachBootstrap } from '../each-bootstrap.ts'
import { startStack } from '../start-stack.ts'
import { eachRow } from './each-row.ts'
import { makeIssuer } from './issuer.ts'

eachBootstrap(({ name, host }) => {
  eachRow({
    name,
    host,
    hasUi: name === 'front-proxy',
    start: async () => {
      const { token, addTo, remove } = await makeIssuer()
      const { envoy, close } = await startStack(name, { policy: addTo })
      return { port: envoy.port, token, close: () => close().finally(remove) }
    },
  })
})
