# One image for every process: the command says which. No compiler, no Java; not root.
FROM python:3.13-slim AS environment
WORKDIR /opt/sagaline
COPY requirements.lock requirements-bootstrap.lock ./
COPY scripts/bootstrap scripts/bootstrap.py scripts/
RUN PYTHON=python3 scripts/bootstrap --without-java && rm -f .venv/bin/uv .venv/bin/uvx

FROM python:3.13-slim
WORKDIR /opt/sagaline
COPY --from=environment /opt/sagaline/.venv .venv
COPY architect architect
COPY campaigns campaigns
COPY cli cli
COPY orchestrator orchestrator
COPY schemas schemas
COPY services services
COPY simulator simulator
COPY streams streams
COPY verify verify
RUN python3 -m compileall -q . \
 && useradd --uid 10001 --no-create-home --home-dir /var/lib/sagaline saga \
 && install -d -o saga -g saga /var/lib/sagaline
ENV PATH=/opt/sagaline/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER saga
VOLUME /var/lib/sagaline
CMD ["saga", "--help"]
