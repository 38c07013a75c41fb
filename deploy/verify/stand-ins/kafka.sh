#!/usr/bin/env bash
# Starts a broker from KAFKA_ variables as the image of Apache Kafka does: its own KafkaDockerWrapper turns them into a file
# and formats the storage, then kafka.Kafka reads the file.
set -eu
export CLUSTER_ID=${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}
# shellcheck disable=SC2086 # lists of words
java_with() { java ${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G} ${KAFKA_OPTS:-} -Dlogback.configurationFile=/etc/kafka/docker/logback.xml -cp '/opt/kafka/libs/*' "$@"; }

if said=$(java_with kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1); then
  echo "$said"
elif [[ $said != *"already formatted"* ]]; then
  echo "$said" >&2
  exit 1
fi
# shellcheck disable=SC2086 # lists of words
exec java ${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G} ${KAFKA_OPTS:-} -server -XX:+UseG1GC -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true \
  -Dlogback.configurationFile=/etc/kafka/docker/logback.xml -cp '/opt/kafka/libs/*' kafka.Kafka /opt/kafka/config/server.properties
