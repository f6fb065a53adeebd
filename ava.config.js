export default {
  files: [
    'test/**/*.test.ts',
    '!test/e2e/prefect.test.ts',
    '!test/e2e/rolling.test.ts',
    '!test/kubernetes/**',
    '!test/istio/**',
    '!test/envoy-gateway/**',
    '!test/redis/**',
    '!test/login/**',
    '!test/doors/**',
  ],
  extensions: ['ts'],
  timeout: '90s',
  concurrency: 2,
}
