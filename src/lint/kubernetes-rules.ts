import type { ClusterObject } from './cluster-object.ts'
import type { IstioScene, Service } from './istio-scene.ts'
import type { Part } from './part.ts'
import type { Rule } from './rule.ts'

/** The Service in front of the gates, as a mesh reads it. */
export const kubernetesRules: readonly Rule<IstioScene>[] = [
  {
    code: 'BG501',
    level: 'error',
    title: 'a port that is not said to be gRPC',
    why: 'Istio then speaks HTTP/1 to the gate: every request ends with statusOnError.',
    fix: 'Name the port grpc (or grpc-…), and set appProtocol: grpc.',
    find: (scene) =>
      findPorts(scene)
        .filter((port) => !isGrpcPort(port))
        .map((port) => ({ at: port, what: `name: ${port.get('name').text ?? 'none'}` })),
  },
  {
    code: 'BG502',
    level: 'error',
    title: 'a provider whose port is not there',
    why: 'Nothing answers at that port: every request ends with statusOnError.',
    fix: 'Write the port of the Service (not the target port) in the provider.',
    find: ({ objects, providers }) =>
      providers.flatMap(({ service, grpc }) => {
        const hosts = service ? objects.filter((object) => isHost(object, service)) : []
        const hasPort = hosts.some(({ spec }) =>
          spec
            .get('ports')
            .items()
            .some((port) => toNumber(port) === service?.port),
        )
        return hosts.length > 0 && !hasPort ? [{ at: grpc.get('port'), what: `no port ${service?.port ?? ''}` }] : []
      }),
  },
  {
    code: 'BG503',
    level: 'warning',
    title: 'the check port is open to the outside',
    why: 'Whoever reaches it can try credentials past Envoy, and without its limits.',
    fix: 'Use type: ClusterIP, and a NetworkPolicy that lets proxies alone in.',
    find: (scene) =>
      findServices(scene)
        .map(({ spec }) => spec.get('type'))
        .filter(({ text }) => text === 'LoadBalancer' || text === 'NodePort')
        .map((at) => ({ at, what: `type: ${at.text}` })),
  },
]

/** By appProtocol, else by the name of the port; in a ServiceEntry by its protocol. So Istio reads them. */
const isGrpcPort = (port: Part): boolean => {
  const protocol = port.get('appProtocol').text
  if (protocol !== undefined) return /^(?:grpc|http2|kubernetes\.io\/h2c)$/.test(protocol)
  return (
    /^(?:grpc|http2)$/i.test(port.get('protocol').text ?? '') ||
    /^(?:grpc|http2)(?:-|$)/.test(port.get('name').text ?? '')
  )
}

/** Where a provider points, and what carries our name at the port that the policy listens on. */
const findPorts = (scene: IstioScene): readonly Part[] => {
  const { providers, file } = scene
  const listened = Number(/:(\d+)$/.exec(file.listen.grpc)?.[1])
  return findServices(scene).flatMap((object) => {
    const asked = providers.flatMap(({ service }) => (service && isHost(object, service) ? [service.port] : []))
    return object.spec
      .get('ports')
      .items()
      .filter((port) => {
        const numbers = [toNumber(port), port.get('targetPort').number]
        return asked.length > 0 ? asked.includes(toNumber(port)) : numbers.includes(listened)
      })
  })
}

const findServices = ({ objects, providers }: IstioScene): readonly ClusterObject[] =>
  objects.filter(
    (object) =>
      providers.some(({ service }) => service && isHost(object, service)) || (isService(object) && isOurs(object)),
  )

const isService = ({ kind, group }: ClusterObject): boolean => kind === 'Service' && group === ''

const isOurs = ({ name, labels }: ClusterObject): boolean =>
  name.includes('bearergate') || labels.get('app.kubernetes.io/name') === 'bearergate'

/** True for the Service, or the ServiceEntry, that a provider names. */
const isHost = (object: ClusterObject, service: Service): boolean =>
  object.kind === 'ServiceEntry'
    ? object.spec
        .get('hosts')
        .items()
        .some(({ text }) => text === service.host)
    : isService(object) && object.name === service.name && object.namespace === service.namespace

const toNumber = (port: Part): number | undefined => port.get('port').number ?? port.get('number').number
