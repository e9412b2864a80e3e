# One image for the worker, Prefect's server, the deployments and runs in containers. It holds the product and what the
# lock pins for it; no tests, no sandbox, no compiler.
#
#   docker build -t steadypost .                              with a browser, for accounts that need one
#   docker build -t steadypost --build-arg BROWSER= .         without
#   docker build -t steadypost --build-arg BASE=... .         on a base of your own: with your certificates, pip's and apt's
#                                                             settings
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS made
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/steadypost
# What seldom changes first: an update of the product alone installs no package anew.
COPY requirements.lock pyproject.toml ./
COPY tools/locked.py tools/
RUN python3 -m venv venv \
    && python3 tools/locked.py setuptools >product.lock \
    && venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r product.lock \
    && rm -r tools product.lock
COPY README.md prefect.yaml ./
COPY steadypost steadypost
COPY blocks blocks
COPY tasks tasks
COPY flows flows
COPY deployments deployments
RUN venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e . \
    && venv/bin/python -m compileall -q steadypost blocks tasks flows deployments

FROM ${BASE}
# Debian's build without a window, or `chromium`, or nothing.
ARG BROWSER=chromium-headless-shell
# tini ends what has ended and passes signals on. libatomic1: Playwright's node is linked with it.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 tini ca-certificates \
        ${BROWSER:+$BROWSER libatomic1 fonts-noto-color-emoji fonts-noto-cjk} \
    && rm -rf /var/lib/apt/lists/*
# The number is fixed, so that a volume belongs to the same user in every image.
RUN groupadd --gid 10001 steadypost \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/steadypost --no-create-home --shell /usr/sbin/nologin steadypost \
    && install -d -o steadypost -g steadypost -m 0700 /var/lib/steadypost
COPY --from=made /opt/steadypost /opt/steadypost
# STEADYPOST_WORKER: this image's own supervisor starts the worker again, and nobody else does.
ENV PATH=/opt/steadypost/venv/bin:$PATH \
    STEADYPOST_HOME=/var/lib/steadypost \
    STEADYPOST_WORKER=kept \
    PREFECT_HOME=/var/lib/steadypost/prefect \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE=false \
    DO_NOT_TRACK=1 \
    PYTHONUNBUFFERED=1
WORKDIR /var/lib/steadypost
VOLUME /var/lib/steadypost
USER steadypost
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "deployments.supervisor"]
# Four minutes: Prefect's server may have to come first, and the runs on watch after it.
HEALTHCHECK --interval=60s --timeout=50s --start-period=240s --retries=3 CMD ["python", "-m", "deployments.health", "worker"]
