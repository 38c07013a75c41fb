#!/usr/bin/env bash
# shellcheck disable=SC2012 # the names of jars are plain
# Starts the service named by SERVICE; signals reach the JVM.
set -eu
: "${SERVICE:?Set SERVICE to the service to run, for example SERVICE=tracking-service}"
jar=$(ls /opt/millrace/lib/"$SERVICE"-[0-9]*.jar 2>/dev/null | head -1) || true
if [ -z "$jar" ]; then
  echo "There is no service '$SERVICE' in this image. It has: $(ls /opt/millrace/lib | sed -nE 's/^((tracking|artifact|deployment|inference|monitoring)-service|(training|evaluation)-worker|gateway)-[0-9].*\.jar$/\1/p' | tr '\n' ' ')" >&2
  exit 2
fi
# shellcheck disable=SC2086 # JAVA_OPTS is a list of words
exec java -XX:+UseSerialGC -XX:MaxRAMPercentage=50 -XX:+ExitOnOutOfMemoryError \
  --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
  ${JAVA_OPTS:-} -jar "$jar"
