import type { Bench, Part } from '../bench.ts'
import { compareServers, type Row } from '../compare-servers.ts'
import { startGate, startReference } from '../servers.ts'

const gate = (bench: Bench) => startGate(bench)
const gateWithoutCache = (bench: Bench) => startGate(bench, { remembers: false })

const toRows = (shown: 'RS256' | 'ES256' | 'EdDSA'): readonly Row[] => {
  const reference = `grpc-go with golang-jwt, ${shown}`
  return [
    { title: `bearergate, new token, ${shown}`, start: gateWithoutCache, shown, beside: [reference] },
    { title: reference, start: startReference, shown },
  ]
}

/** What an access token costs: one that was seen before, and those that no cache has. */
export const measureTokens: Part = (bench) =>
  compareServers(bench, [
    { title: 'bearergate, API key', start: gate, shown: 'key' },
    {
      title: 'bearergate, token seen before, ES256',
      start: gate,
      shown: 'ES256',
      beside: ['bearergate, API key', 'grpc-go with golang-jwt, ES256'],
    },
    ...toRows('RS256'),
    ...toRows('ES256'),
    ...toRows('EdDSA'),
  ])
