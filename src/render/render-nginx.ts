import type { Config } from '../config/load.ts'
import { type Address, toAddressText } from './address.ts'
import { findHostProblems } from './find-host-problems.ts'
import type { ProxyRoute } from './proxy-route.ts'
import type { Rendered } from './rendered.ts'
import { findService, type Service, toServices } from './services.ts'
import { comment, createBlockTag, type TextBlock, toFileText } from './text-block.ts'
import type { Upstream } from './upstream.ts'
import { ANY_HOST, toVirtualHosts, type VirtualHost } from './virtual-hosts.ts'

/** How nginx is to be, beside what the policy says. */
export interface NginxOptions {
  /** What stands at the top of the file: lines, without `#`. */
  readonly introduction: string
  readonly listen: Address
  /** Where the gate's HTTP listener is, as nginx sees it. */
  readonly gates: readonly Address[]
  readonly upstreams: readonly Upstream[]
}

const nginx = createBlockTag<string | number>(String)

/** Server blocks for nginx (`http` context) that ask the gate's nginx door about every request, by `auth_request`. */
export const renderNginx = ({ file, policy }: Config, options: NginxOptions): Rendered => {
  const virtualHosts = toVirtualHosts(policy.routes.list, options.upstreams)
  const door = file.doors.find(({ kind }) => kind === 'nginx')
  const problems = [
    ...findHostProblems(policy.routes.list, virtualHosts, options.upstreams, 'ADDRESS:PORT'),
    ...(door ? [] : ['doors: write listen.http and a door of kind nginx: that is where nginx asks']),
    ...(options.gates.length === 0 ? ['where is the gate? Say --gate ADDRESS:PORT'] : []),
    ...(options.listen.kind === 'name' ? ['--listen: write an IP address and a port'] : []),
  ]
  if (problems.length > 0 || !door) return { kind: 'refused', problems }
  const services = toServices(options.upstreams)
  const listen = toAddressText(options.listen)
  const asking = toAsking(door, [...policy.identity.keys()])
  const isForAll = virtualHosts.some(({ hosts }) => hosts.includes(ANY_HOST))
  const text = nginx`
    ${comment(options.introduction)}

    upstream bearergate {
      ${options.gates.map((gate) => nginx`server ${toAddressText(gate)};`)}
      keepalive 16;
    }
    ${services.map(toUpstream)}

    map $http_upgrade $bearergate_connection {
      default upgrade;
      ''      '';
    }
    ${isForAll ? [] : toRefusal(listen)}
    ${virtualHosts.map((virtualHost) => toServer(virtualHost, { listen, asking, services }))}`
  return { kind: 'rendered', text: toFileText(text) }
}

const toRefusal = (listen: string): TextBlock => nginx`

  # Hosts that the policy does not name: without this, nginx would take them for the first one that it does name.
  server {
    listen ${listen} default_server;
    return 404;
  }`

const toUpstream = ({ name, address }: Service): TextBlock => nginx`

  upstream ${name} {
    server ${toAddressText(address)};
    keepalive 16;
  }`

interface ServerSettings {
  readonly listen: string
  readonly asking: TextBlock
  readonly services: readonly Service[]
}

const toServer = ({ hosts, routes }: VirtualHost, { listen, asking, services }: ServerSettings): TextBlock => {
  const isForAll = hosts.includes(ANY_HOST)
  const blocks = routes.filter(({ routeName }) => routeName === undefined)
  return nginx`

    server {
      listen ${listen}${isForAll ? ' default_server' : ''};
      server_name ${isForAll ? '_' : hosts.join(' ')};

      ${asking}

      ${blocks.flatMap((block) => toLocations(block, services))}
      ${blocks.some(({ match }) => match.kind === 'segments' && match.prefix === '') ? [] : NOTHING_ELSE}
    }`
}

const NOTHING_ELSE = nginx`
  location / {
    return 404;
  }`

/** A prefix of whole segments: `location /api` alone would take /apis too. */
const toLocations = (route: ProxyRoute, services: readonly Service[]): readonly TextBlock[] => {
  const prefix = route.match.kind === 'segments' ? route.match.prefix : ''
  // Without a path: the service gets the target as the client sent it, and as it was judged.
  const body = route.address ? `proxy_pass http://${findService(services, route)};` : 'return 404;'
  const places = prefix === '' ? ['/'] : [`= ${prefix}`, `${prefix}/`]
  return places.map(
    (place) => nginx`
      location ${place} {
        ${body}
      }`,
  )
}

interface Door {
  readonly path: string
  /** In milliseconds. */
  readonly timeout: number
}

/** What makes a server ask, for all its locations, and those that are written later too. */
const toAsking = ({ path, timeout }: Door, identityHeaders: readonly string[]): TextBlock => nginx`
  # Never switch these two: x_auth_request_user and x.auth.request.user are X-Auth-Request-User to many services.
  underscores_in_headers off;
  ignore_invalid_headers on;

  # For every location, and for those that somebody adds. A location with a proxy_set_header of its own loses all of
  # the headers below: then repeat them there.
  auth_request /_bearergate;

  # What the service learns about its caller comes from the gate alone. What the gate left empty is not sent at all, so
  # that a client's own header of that name never gets through, and neither does a credential.
  ${identityHeaders.map(toIdentity)}
  auth_request_set $bearergate_authorization $upstream_http_authorization;
  proxy_set_header Authorization $bearergate_authorization;

  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $bearergate_connection;
  proxy_read_timeout 300s;

  # nginx takes 401 and 403 from the gate and makes 500 of everything else, be it 503 or no answer at all: an outage,
  # after which clients try again. Never error_page 401 or 403 with another status, as in
  # \`error_page 401 =200 /login.html\`: a refusal that looks like success.
  error_page 500 = @bearergate_outage;
  # nginx passes the challenge of a 401 on, not that of a 403, which says what scope is missing.
  auth_request_set $bearergate_challenge $upstream_http_www_authenticate;
  error_page 403 = @bearergate_refusal;

  location = /_bearergate {
    internal;
    auth_request off;
    proxy_pass http://bearergate${path};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    # What is judged: without these two lines a client could write them itself. Host and target are those that the
    # service gets: never $uri, which is decoded and normalised.
    proxy_set_header X-Original-URL $scheme://$host$request_uri;
    proxy_set_header X-Original-Method $request_method;
    # nginx would keep it to itself: a public path must not open a websocket, nor any other protocol.
    proxy_set_header Upgrade $http_upgrade;
    proxy_connect_timeout 250ms;
    proxy_read_timeout ${timeout}ms;
    # The gate's answers are small, but for a credential that stays and comes back in them.
    proxy_buffer_size 16k;
    proxy_buffers 4 16k;
  }

  location @bearergate_outage {
    return 503;
  }

  location @bearergate_refusal {
    add_header WWW-Authenticate $bearergate_challenge always;
    return 403;
  }`

const toIdentity = (header: string): TextBlock => {
  const name = header.replaceAll('-', '_')
  return nginx`
    auth_request_set $bearergate_${name} $upstream_http_${name};
    proxy_set_header ${header} $bearergate_${name};`
}
