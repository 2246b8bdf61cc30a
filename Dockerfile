# The service as one static binary in an empty image, without shell, package manager or root user.
# Build it with: docker build -t mcp-stateful .
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The package, as arguments of cargo, and its executable. The deployer sets both for another package.
ARG SELECT="--package mcp-stateful --no-default-features"
ARG BINARY=mcp-stateful
# The embedded store is left out, because a task's disk is lost with the task. Cargo applies crt-static to build scripts
# unless a target is named.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
 && RUSTFLAGS='-C target-feature=+crt-static' \
    cargo build --release --locked $SELECT --target "$target" \
 && cp "target/$target/release/$BINARY" /mcp-stateful

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /mcp-stateful /mcp-stateful
ENV MCP_HOST=0.0.0.0 MCP_STATE_BACKEND=dynamodb MCP_LOG_FORMAT=json
USER 65532:65532
EXPOSE 3333
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["/mcp-stateful", "healthcheck"]
ENTRYPOINT ["/mcp-stateful"]
