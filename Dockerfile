# What production runs, and nothing else: no shell, no package manager, no development dependency, nothing embedded.
#
#   docker build -t stockade .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges --env-file production.env -p 3000:3000 stockade
#
# The second port, 9464, is the operator's (/livez, /readyz, /metrics): reachable inside the network, never published.

FROM node:26-trixie-slim@sha256:930557a230abacbc3f4fd9b8648abf8f4bee1e17cb72195dcdfb2f709bc85b33 AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional are the runtimes for development machines: here the base brings it. .npmrc keeps install scripts off.
RUN npm ci --omit=dev --omit=optional

# Node's compiled code and the types that it strips, made once here rather than at every start.
FROM gcr.io/distroless/nodejs26-debian13:nonroot@sha256:2ee7b2c54a3e37dfc248af81c9f6bcdcaa50abe4af44aa47a3388431031b9283 AS service
# All that is copied is root's; the process is not.
USER 0:0
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY app ./app

FROM service AS compiled
USER 65532:65532
ENV NODE_COMPILE_CACHE=/tmp/compiled
RUN ["/nodejs/bin/node", "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", "import '#app/service.ts'; import { findFeatures } from '#app/features.ts'; await findFeatures();"]

FROM service
# The commit, which metrics and traces name: docker build --build-arg REVISION=$(git rev-parse HEAD)
ARG REVISION=unknown
COPY --from=compiled --chown=0:0 /tmp/compiled ./compiled
LABEL org.opencontainers.image.title="stockade" \
      org.opencontainers.image.description="A hardened Koa service in TypeScript" \
      org.opencontainers.image.licenses="MIT"
# The network of a container is its own: what reaches it is for the orchestrator to say.
ENV NODE_ENV=production \
    REVISION=$REVISION \
    HOST=0.0.0.0 \
    ADMIN_HOST=0.0.0.0 \
    NODE_COMPILE_CACHE=/app/compiled
# By number, so that an orchestrator can tell that it is not root.
USER 65532:65532
EXPOSE 3000 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/nodejs/bin/node", "--disable-warning=ExperimentalWarning", "--permission", "--allow-net", "--allow-fs-read=/app", "/app/app/healthcheck.command.ts"]
# The grants of `npm start` without those for its data folder. Node asks for a grant to write before it reads the compiled
# code; the files are root's, and the process is not.
ENTRYPOINT ["/nodejs/bin/node"]
CMD ["--disable-warning=ExperimentalWarning", "--disable-warning=SecurityWarning", "--permission", "--allow-fs-read=/app", "--allow-fs-read=/proc/net/tcp", "--allow-fs-read=/proc/net/tcp6", "--allow-fs-read=/etc/alpine-release", "--allow-fs-read=/run/secrets", "--allow-fs-write=/app/compiled", "--allow-net", "--allow-addons", "app/main.ts"]
