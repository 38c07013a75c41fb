# One image for every service: a folder of jars, each of which finds its libraries beside itself.
# Build first (./mvnw package -DskipTests), then: docker build -t millrace:0.1.0 .
# Which service a container is, SERVICE says: tracking-service, gateway, ...
FROM eclipse-temurin:25-jre
# A volume that is mounted for the first time takes over the owner of its folder here.
RUN groupadd --system --gid 10001 millrace \
 && useradd --system --uid 10001 --gid millrace --home-dir /var/lib/millrace --create-home millrace \
 && install -d -o millrace -g millrace /var/lib/millrace/training /var/lib/millrace/evaluation /var/lib/millrace/inference
COPY standalone/target/dist/lib /opt/millrace/lib
COPY deploy/docker/start.sh deploy/docker/healthy.sh /opt/millrace/
USER millrace
WORKDIR /var/lib/millrace
ENV SERVER_ADDRESS=0.0.0.0 SERVER_PORT=8080 ORT_DISABLE_TELEMETRY=1
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --retries=6 CMD ["bash", "/opt/millrace/healthy.sh"]
ENTRYPOINT ["bash", "/opt/millrace/start.sh"]
