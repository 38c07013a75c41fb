#!/usr/bin/env bash
# Asks the service of this container whether it is ready, with what is surely in the image: bash. The status line decides:
# the body of a service that is not ready says UP for those of its parts that are.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${SERVER_PORT:-8080}"
printf 'GET /actuator/health/readiness HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]
