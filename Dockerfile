# hubtrace's command line as a small image. Build: docker build --tag hubtrace .
# With extras: docker build --build-arg EXTRAS=statistics,plot --tag hubtrace .
FROM python:3.13-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 hubtrace \
    && install --directory --owner hubtrace /data

WORKDIR /opt/hubtrace
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY docs/hubtrace.1 docs/hubtrace.1
COPY hubtrace hubtrace
COPY ingest ingest
COPY graph graph
COPY queries queries
# The loopback hubs of `hubtrace demo --live`, which the wheel carries.
COPY tests/hubs tests/hubs
ARG EXTRAS=""
RUN pip install --no-cache-dir --constraint constraints.txt ".${EXTRAS:+[$EXTRAS]}"

USER hubtrace
WORKDIR /data
ENV HUBTRACE_CACHE=/data/cache
ENTRYPOINT ["hubtrace"]
CMD ["--help"]
