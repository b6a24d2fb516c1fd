# docker build -t mailtrap-sandbox . && docker run --rm -p 127.0.0.1:1025:1025 -p 127.0.0.1:8025:8025 mailtrap-sandbox
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY mailtrap mailtrap
COPY web web
COPY pytest_plugin pytest_plugin
RUN python -m venv /opt/mailtrap && /opt/mailtrap/bin/pip install --no-cache-dir '.[fast]'

FROM python:3.13-slim
COPY --from=build /opt/mailtrap /opt/mailtrap
# Any user may write here: the container runs under whatever id the platform gives it.
RUN install -d -m 1777 /data
# Inside a container the ports are published on purpose, so every address is right. Keep mail over a restart with
# -e MAILSANDBOX_DATA=/data and a volume there; without that the store is temporary, in /tmp.
ENV PATH=/opt/mailtrap/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MAILSANDBOX_HOST=0.0.0.0,::
# SMTP, with STARTTLS, in TLS; POP3, in TLS; IMAP, in TLS; the inspector and REST
EXPOSE 1025 1587 1465 1110 1995 1143 1993 8025
USER 65532:65532
WORKDIR /data
HEALTHCHECK --interval=10s --timeout=6s --start-period=15s --retries=3 CMD ["mailtrap", "ready"]
ENTRYPOINT ["mailtrap"]
CMD ["serve"]
