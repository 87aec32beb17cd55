# One image for every service, the migration and the tools: the role is the command.
#
#   docker build -t tiketi .
#   docker run --read-only --tmpfs /tmp -e TIKETI_… tiketi serve queue
#
# To repeat a build byte by byte, pin the base: --build-arg BASE=python:3.13-slim@sha256:…, give
# SOURCE_DATE_EPOCH and let the builder rewrite timestamps (docs/image.md).
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ARG SOURCE_DATE_EPOCH=0
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 \
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH}
WORKDIR /build

# What builds stays in a place of its own, and behind.
COPY requirements-build.lock ./
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --only-binary :all: --requirement requirements-build.lock

COPY requirements-image.lock ./
RUN python -m venv --without-pip /opt/tiketi \
 && /opt/build/bin/pip --python /opt/tiketi/bin/python install --no-compile --no-deps \
    --require-hashes --only-binary :all: --requirement requirements-image.lock

COPY LICENSE README.md pyproject.toml ./
COPY migrations ./migrations
COPY src ./src
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && /opt/build/bin/pip --python /opt/tiketi/bin/python install --no-compile --no-deps --no-index \
    wheels/*.whl \
 && /opt/build/bin/cyclonedx-py environment --output-reproducible --output-format JSON \
    --pyproject pyproject.toml --output-file /opt/tiketi/sbom.cdx.json /opt/tiketi/bin/python \
 # Compiled here, since nothing can be written later, and by content: no dates in the files.
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/tiketi/lib

FROM ${BASE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tiketi" \
      org.opencontainers.image.description="Sells the seats of a high-demand event" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}" \
      gg.tiketi.sbom="/opt/tiketi/sbom.cdx.json"
COPY --from=build /opt/tiketi /opt/tiketi
ENV HOME=/tmp \
    PATH=/opt/tiketi/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# Fargate makes a mount at a path as it is here only if the image calls it a volume; else root's.
VOLUME ["/tmp"]
# A number, so that whoever forbids root can see that it is none.
USER 10001:10001
EXPOSE 3010 3011 3012 3013 3014 3015
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-ISc", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"TIKETI_PORT\"]}/health', timeout=4)"]
ENTRYPOINT ["tiketi"]
CMD ["--help"]
