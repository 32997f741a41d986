# polcheck with all its languages, without a compiler, without root, and without need of a network:
#   docker run --rm --network none --volume "$PWD:/project:ro" polcheck run
FROM python:3.13-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/polcheck && \
    /opt/polcheck/bin/python -m pip install --no-cache-dir --disable-pip-version-check '.[languages]'

FROM python:3.13-slim-bookworm
# git is what --since, --trusted and packs from git run
RUN apt-get update && \
    apt-get install --yes --no-install-recommends git && \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/polcheck /opt/polcheck
ENV PATH=/opt/polcheck/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    POLCHECK_CACHE=/tmp/polcheck-cache
WORKDIR /project
USER 65532:65532
ENTRYPOINT ["polcheck"]
CMD ["run"]
