import { parseDuration } from './duration.ts'
import { type EnvoyScene, eachGate } from './envoy-scene.ts'
import type { Gate } from './gates.ts'
import type { Part } from './part.ts'
import type { Found, Rule } from './rule.ts'
import { findBadTimeout } from './timeout.ts'

/** How Envoy calls the gate. */
export const envoyServiceRules: readonly Rule<EnvoyScene>[] = [
  {
    code: 'BG250',
    level: 'warning',
    title: 'the time-out of a call to the gate',
    why: 'Below half a second the gate may not finish a fetch of a new signing key; far above, a hung gate holds every request.',
    fix: 'Set grpc_service.timeout to 0.5s up to 5s; envoy/ has 1s.',
    find: eachService((service) =>
      findBadTimeout(service.get('timeout'), 'Envoy’s default of 200 ms, too short for a gate that has just started'),
    ),
  },
  {
    code: 'BG251',
    level: 'error',
    title: 'an authority that Node.js refuses',
    why: 'The cluster’s name is sent as :authority; the gate’s HTTP/2 server resets such a call before any code sees it.',
    fix: 'Set envoy_grpc.authority to a host name, such as bearergate.local.',
    find: eachService((service) => {
      const envoyGrpc = service.get('envoy_grpc')
      const own = envoyGrpc.get('authority')
      const at = own.text === undefined || own.text === '' ? envoyGrpc.get('cluster_name') : own
      return at.text === undefined || isAuthority(at.text)
        ? []
        : [{ at, what: `:authority is ${JSON.stringify(at.text)}` }]
    }),
  },
  {
    code: 'BG252',
    level: 'error',
    title: 'the cluster of the gate is missing',
    why: 'Envoy starts all the same, and every request ends with status_on_error.',
    fix: 'Add the cluster, or correct cluster_name.',
    find: eachService((service, { envoy }) => {
      const at = service.get('envoy_grpc', 'cluster_name')
      const isMissing = at.text !== undefined && !envoy.clusters.has(at.text) && !envoy.hasMoreClusters
      return isMissing ? [{ at, what: `no cluster ${at.text}` }] : []
    }),
  },
  {
    code: 'BG253',
    level: 'error',
    title: 'the gate is called over HTTP/1',
    why: 'gRPC is HTTP/2: every request ends with status_on_error, and the gate’s log is empty.',
    fix: 'Give the cluster HttpProtocolOptions with explicit_http_config: {http2_protocol_options: {}}.',
    find: eachCluster((cluster) => (speaksHttp2(cluster) ? [] : [{ at: cluster, what: 'no http2_protocol_options' }])),
  },
  {
    code: 'BG254',
    level: 'warning',
    title: 'retries that come too late or give no time',
    why: 'The back-off starts at 1 s by default, later than the time-out; max_interval is also the time-out of each try.',
    fix: 'Set retry_back_off: {base_interval: 0.005s, max_interval: 1s}.',
    find: eachService((service) => {
      const at = service.get('retry_policy', 'retry_back_off')
      if (!service.get('retry_policy').isThere) return []
      const base = parseDuration(at.get('base_interval').text)
      if (base === undefined) return [{ at, what: 'no retry_back_off: the first retry comes after about a second' }]
      const longest = parseDuration(at.get('max_interval').text) ?? base * 10
      return longest < 500 ? [{ at, what: `each try is given up after ${longest} ms` }] : []
    }),
  },
  {
    code: 'BG255',
    level: 'note',
    title: 'no retries',
    why: 'When one of several gates dies, the requests on their way to it are refused.',
    fix: 'Add a retry_policy to grpc_service, as envoy/ has it.',
    find: eachService((service, _, { writer }) => {
      const at = service.get('retry_policy')
      return writer === 'user' && service.get('envoy_grpc').isThere && !at.isThere
        ? [{ at, what: 'no retry_policy' }]
        : []
    }),
  },
  {
    code: 'BG256',
    level: 'warning',
    title: 'nobody notices a dead gate',
    why: 'Without health checks and outlier detection Envoy goes on calling a gate that is gone or about to stop.',
    fix: 'Add health_checks with grpc_health_check, and outlier_detection, as envoy/ has them.',
    find: eachCluster((cluster, _, { writer }) => {
      const isWatched = cluster.get('health_checks').items().length > 0 || cluster.get('outlier_detection').isThere
      return writer === 'user' && !isWatched ? [{ at: cluster, what: 'no health_checks, no outlier_detection' }] : []
    }),
  },
  {
    code: 'BG257',
    level: 'warning',
    title: 'outlier detection may put all gates out',
    why: 'A moment of trouble then takes every gate out for half a minute; with one gate alone, that is all of them.',
    fix: 'Set max_ejection_percent: 50.',
    find: eachCluster((cluster) => {
      const at = cluster.get('outlier_detection', 'max_ejection_percent')
      return (at.number ?? 10) > 90 ? [{ at, what: `max_ejection_percent: ${at.text}` }] : []
    }),
  },
  {
    code: 'BG258',
    level: 'warning',
    title: 'few retries at a time',
    why: 'The circuit breaker lets 3 retries run at a time by default; when a gate dies, all others are refusals.',
    fix: 'Set circuit_breakers: {thresholds: [{max_requests: 10000, max_retries: 1000}]}.',
    find: eachCluster((cluster, service) => {
      const at = cluster.get('circuit_breakers')
      const retries = Math.max(
        ...at
          .get('thresholds')
          .items()
          .map((limits) => limits.get('max_retries').number ?? 3),
        3,
      )
      return service.get('retry_policy').isThere && retries < 10 ? [{ at, what: `max_retries: ${retries}` }] : []
    }),
  },
  {
    code: 'BG259',
    level: 'warning',
    title: 'a stopping gate is noticed too late',
    why: 'The gate closes drain.delay after SIGTERM; until the health checks have noticed, calls still go to it.',
    fix: 'Make interval × unhealthy_threshold of the health check shorter than drain.delay in the policy.',
    find: (scene) =>
      eachCluster((cluster) =>
        cluster
          .get('health_checks')
          .items()
          .flatMap((at) => {
            const interval = parseDuration(at.get('interval').text) ?? 0
            const noticed = interval * (at.get('unhealthy_threshold').number ?? 1)
            const { delay } = scene.file.drain
            return noticed >= delay ? [{ at, what: `noticed after ${noticed} ms, drain.delay is ${delay} ms` }] : []
          }),
      )(scene),
  },
  {
    code: 'BG260',
    level: 'note',
    title: 'the gate is called with google_grpc',
    why: 'Health checks, outlier detection and statistics of clusters do not apply to it.',
    fix: 'Use envoy_grpc.',
    find: eachService((service) => {
      const at = service.get('google_grpc')
      return at.isThere ? [{ at, what: 'google_grpc' }] : []
    }),
  },
  {
    code: 'BG261',
    level: 'note',
    title: 'the gate is asked over HTTP',
    why: 'What Envoy sends and takes over with http_service is set header by header; this program does not check it.',
    fix: 'Use grpc_service.',
    find: eachGate(({ config }) => {
      const at = config.get('http_service')
      return at.isThere ? [{ at, what: 'http_service' }] : []
    }),
  },
]

/** Measured with Node 26: its HTTP/2 server resets a call whose :authority is empty or has one of these characters. */
const isAuthority = (text: string): boolean => /^[^\s"#/<>?@\\^`{|}]+$/.test(text)

const speaksHttp2 = (cluster: Part): boolean => {
  const options = cluster
    .get('typed_extension_protocol_options')
    .entries()
    .map(([, one]) => one)
  const ways = [
    ['explicit_http_config', 'http2_protocol_options'],
    ['use_downstream_protocol_config', 'http2_protocol_options'],
    ['auto_config'],
  ]
  return (
    cluster.get('http2_protocol_options').isThere ||
    options.some((one) => ways.some((names) => one.get(...names).isThere))
  )
}

type FindService = (service: Part, scene: EnvoyScene, gate: Gate) => readonly Found[]
type FindCluster = (cluster: Part, service: Part, gate: Gate) => readonly Found[]

function eachService(find: FindService): (scene: EnvoyScene) => readonly Found[] {
  return eachGate((gate, scene) => gate.services.flatMap((service) => find(service, scene, gate)))
}

/** Each cluster that a gate is called through, where it is in the file. */
function eachCluster(find: FindCluster): (scene: EnvoyScene) => readonly Found[] {
  return eachService((service, { envoy }, gate) => {
    const cluster = envoy.clusters.get(service.get('envoy_grpc', 'cluster_name').text ?? '')
    return cluster ? find(cluster, service, gate) : []
  })
}
