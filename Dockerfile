# syntax=docker/dockerfile:1
FROM node:26-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script; the Node of the image is used, not the one among the dev dependencies.
RUN npm ci --omit=dev --ignore-scripts

FROM node:26-slim AS bundle
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY scripts ./scripts
COPY src ./src
RUN node scripts/bundle.ts

FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY --from=bundle /app/dist ./dist
COPY package.json ./
# Code is compiled once, here, by the user who runs it.
ENV NODE_COMPILE_CACHE=/app/.cache
RUN install -d -o 1000 -g 1000 .cache
USER 1000:1000
RUN --mount=type=bind,source=scripts,target=/app/scripts node scripts/fill-compile-cache.ts dist/main.js
# glibc keeps what each thread had, and lets holes pile up where large blocks come and go: with a million keys 40 MB.
ENV MALLOC_ARENA_MAX=2
ENV MALLOC_MMAP_THRESHOLD_=131072
# What a check needs is garbage at once: a large nursery costs memory (40 MB by default), and makes no check cheaper.
ENV NODE_OPTIONS=--max-semi-space-size=4
# Nothing is written: run it with a read-only root file system.
EXPOSE 9001 9003
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:9003/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve", "--config", "/etc/bearergate/bearergate.yaml"]
