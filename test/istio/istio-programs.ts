import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildGoPrograms } from '../../scripts/build-go-programs.ts'

/** Paths of programs that are made of Istio's own modules. */
export interface IstioPrograms {
  /** Tells Envoy what istiod would. */
  readonly discovery: string
  readonly istioctl: string
}

/** Builds them, the first time. */
export const findIstioPrograms = async (): Promise<IstioPrograms> => {
  const folder = await buildGoPrograms({
    name: 'istio',
    folder: fileURLToPath(new URL('go', import.meta.url)),
    packages: ['./discovery', 'istio.io/istio/istioctl/cmd/istioctl'],
    takes: '4 to 15 minutes',
  })
  return { discovery: join(folder, 'discovery'), istioctl: join(folder, 'istioctl') }
}
