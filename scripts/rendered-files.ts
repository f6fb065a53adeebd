const ADMIN = ['--admin', '127.0.0.1:9901']

/** Each file that is shipped as rendered, and what `bearergate render` is told to write it. */
export const RENDERED_FILES: Readonly<Record<string, readonly string[]>> = {
  'envoy/front-proxy.yaml': [
    ...['envoy', '--config', 'envoy/front-proxy.policy.yaml', ...ADMIN],
    ...['--upstream', 'api.prefect.example.com/api=127.0.0.1:4200'],
    ...['--upstream', 'ui.prefect.example.com=127.0.0.1:4200', '--upstream', 'ui.prefect.example.com/api=none'],
    ...['--cors-origin', 'https://ui.prefect.example.com', '--cors-headers'],
    'authorization,content-type,prefect-csrf-token,prefect-csrf-client,x-prefect-api-version',
  ],
  'envoy/one-host.yaml': [
    ...['envoy', '--config', 'envoy/one-host.policy.yaml', ...ADMIN],
    ...['--upstream', '127.0.0.1:4200'],
  ],
  'envoy/sidecar.yaml': [
    ...['envoy', '--config', 'envoy/sidecar.policy.yaml', ...ADMIN],
    ...['--listen', '0.0.0.0:8080', '--trusted-hops', '1', '--upstream', '/api=127.0.0.1:4200'],
  ],
}
