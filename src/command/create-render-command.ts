import { Command, Option } from 'commander'
import { type RenderEnvoyFlags, toEnvoyBootstrap } from './render-envoy.ts'
import { type RenderEnvoyGatewayFlags, toEnvoyGateway } from './render-envoy-gateway.ts'
import { type RenderIstioFlags, toIstio } from './render-istio.ts'
import { type RenderNginxFlags, toNginx } from './render-nginx.ts'
import {
  parseAddressOption,
  parseCount,
  parseHeaderNames,
  parseOneMoreAddress,
  parseOneMoreLabel,
  parseOneMoreOrigin,
  parseOneMorePort,
  parseOneMoreUpstream,
  parsePort,
  parseService,
} from './render-options.ts'
import type { Report } from './report.ts'
import { runRender } from './run-render.ts'

/** The group `render`: the policy as configuration of the program that asks the gate. */
export const createRenderCommand = (say: (report: Report) => void): Command => {
  const render = new Command('render').description('write the configuration of Envoy and others from the policy')
  const add = (name: string, description: string, example: string): Command =>
    render
      .command(name)
      .description(description)
      .requiredOption('-c, --config <file>', 'configuration file, whose routes are the policy')
      .addHelpText('after', `\nExample: bearergate render ${example}`)

  add(
    'envoy',
    'a whole bootstrap of Envoy',
    'envoy --config bearergate.yaml --upstream api.example.com=127.0.0.1:4200 > envoy.yaml',
  )
    .option(
      '--upstream <[host][/path]=address>',
      'where a service is, for a host of the policy or for all, or below a path; none: Envoy answers 404; may come again',
      parseOneMoreUpstream,
    )
    .option('--gate <address>', 'where the gate is, as Envoy sees it; once for each gate', parseOneMoreAddress)
    .option('--gate-ca <file>', "the CA of the gate's certificate, where the gate has TLS: a file as Envoy sees it")
    .option('--gate-name <name>', 'the name in that certificate; without it, that of the gate, or bearergate.local')
    .option('--gate-certificate <file>', 'what Envoy shows a gate that asks for a client certificate')
    .option('--gate-key <file>', 'its private key')
    .option('--listen <address>', 'where Envoy listens', parseAddressOption, parseAddressOption('127.0.0.1:8080'))
    .option('--admin <address>', "where Envoy's own administration listens; without it, nowhere", parseAddressOption)
    .option('--port <port>', 'a port that clients name beside the host; may come again', parseOneMorePort)
    .option('--trusted-hops <number>', 'how many proxies stand before Envoy', parseCount, 0)
    .option('--cors-origin <origin>', 'whose pages may call the API; may come again', parseOneMoreOrigin)
    .option('--cors-headers <names>', 'what they may send', parseHeaderNames, 'authorization, content-type')
    .option('--keep-authorization', 'pass Authorization on where the policy asks for none')
    .action((flags: RenderEnvoyFlags) =>
      say(runRender(flags.config, (config) => toEnvoyBootstrap(config, flags, toCommandText()))),
    )

  add(
    'istio',
    'an AuthorizationPolicy with what it needs; --mesh-config: what the configuration of the mesh needs',
    'istio --config bearergate.yaml --target ingress --selector istio=ingressgateway > istio.yaml',
  )
    .addOption(
      new Option('--target <kind>', 'what asks the gate')
        .choices(['ingress', 'sidecar', 'waypoint'])
        .default('ingress'),
    )
    .option('--namespace <name>', 'its namespace; without it istio-system for an ingress, else default')
    .option('--selector <label=value>', 'the label of its pods; may come again', parseOneMoreLabel)
    .addOption(new Option('--gateway <name>', 'its Gateway, of the Gateway API').conflicts('selector'))
    .addOption(new Option('--service <name>', 'a Service behind a waypoint').conflicts(['selector', 'gateway']))
    .option('--provider <name>', 'the name of the extension provider', 'bearergate')
    .option('--gate-service <name.namespace>', "the gate's Service", parseService, parseService(GATE_SERVICE))
    .option('--gate-port <port>', 'its port; without it, that of listen.grpc', parsePort)
    .option('--mesh-config', 'the extension provider, as Helm values of istiod')
    .action((flags: RenderIstioFlags) =>
      say(runRender(flags.config, (config) => toIstio(config, flags, toCommandText()))),
    )

  add(
    'envoy-gateway',
    'a Gateway, its routes and its policies for Envoy Gateway',
    'envoy-gateway --config bearergate.yaml --upstream prefect-server.prefect:4200 > gateway.yaml',
  )
    .option(
      '--upstream <[host][/path]=service>',
      'the Service of a host of the policy or of all, or below a path; none: 404; may come again',
      parseOneMoreUpstream,
    )
    .option('--namespace <name>', 'where the Gateway and its routes are', 'default')
    .option('--gateway <name>', 'its name', 'bearergate')
    .option('--gateway-class <name>', 'its class', 'eg')
    .option('--existing', 'the Gateway is there already')
    .option('--tls-secret <name>', 'the Secret with its certificate; without it, it listens for plain HTTP')
    .option('--gate-service <name.namespace>', "the gate's Service", parseService, parseService(GATE_SERVICE))
    .option('--gate-port <port>', 'its port; without it, that of listen.grpc', parsePort)
    .option('--gate-ca <configmap>', "the ConfigMap with the CA of the gate's certificate, where the gate has TLS")
    .option('--trusted-hops <number>', 'how many proxies stand before the Gateway', parseCount, 0)
    .option('--cors-origin <origin>', 'whose pages may call the API; may come again', parseOneMoreOrigin)
    .option('--cors-headers <names>', 'what they may send', parseHeaderNames, 'authorization, content-type')
    .action((flags: RenderEnvoyGatewayFlags) =>
      say(runRender(flags.config, (config) => toEnvoyGateway(config, flags, toCommandText()))),
    )

  add(
    'nginx',
    'server blocks of nginx that ask by auth_request',
    'nginx --config bearergate.yaml --upstream 127.0.0.1:4200 > /etc/nginx/conf.d/bearergate.conf',
  )
    .option(
      '--upstream <[host][/path]=address>',
      'where a service is, for a host of the policy or for all, or below a path; none: nginx answers 404; may come again',
      parseOneMoreUpstream,
    )
    .option('--gate <address>', 'where the gate listens for HTTP, as nginx sees it; once for each', parseOneMoreAddress)
    .option('--listen <address>', 'where nginx listens', parseAddressOption, parseAddressOption('127.0.0.1:8080'))
    .action((flags: RenderNginxFlags) =>
      say(runRender(flags.config, (config) => toNginx(config, flags, toCommandText()))),
    )
  return render
}

const GATE_SERVICE = 'bearergate.bearergate'

/** The command line as a shell takes it, one option a line. */
const toCommandText = (): string =>
  ['bearergate', ...process.argv.slice(2)]
    .map((arg) => (/^[\w./:=@,*-]+$/.test(arg) ? arg : `'${arg}'`))
    .join(' ')
    .replaceAll(' --', ' \\\n    --')
