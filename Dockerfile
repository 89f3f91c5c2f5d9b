# docker build -t portload . ; then
# docker run --rm --read-only --tmpfs /tmp -v "$PWD:/inventory:ro" -v portload-state:/state -e PORT_CLIENT_ID -e PORT_CLIENT_SECRET portload sync exports -m mapping.yaml
FROM node:22-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:22-slim
COPY --from=build /build/package.json /build/LICENSE /app/
COPY --from=build /build/node_modules /app/node_modules
COPY --from=build /build/dist /app/dist
COPY --from=build /build/mappings /app/mappings
COPY --from=build /build/samples /app/samples
COPY --from=build /build/schema /app/schema
# Import folders; owned by the user below, so that a volume made here is as well.
RUN mkdir /state /inventory && chown 1000:1000 /state
ENV NODE_ENV=production PORTLOAD_STATE=/state
USER 1000:1000
WORKDIR /inventory
VOLUME /state
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["--help"]
