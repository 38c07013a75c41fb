#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2016,SC1091 # used by those who read it
# Read by the other scripts. VERIFY_DIR holds everything they make.
set -euo pipefail

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
HERE=$PROJECT/deploy/verify
VERIFY_DIR=${VERIFY_DIR:-/var/tmp/millrace-verify}
NETNS=millrace-verify
LIB=${LIB:-$PROJECT/standalone/target/dist/lib}

export DOCKER_HOST=unix://$VERIFY_DIR/docker.sock
export DOCKER_CONFIG=$VERIFY_DIR/config

# Runs a command in the engine's network namespace: there, and only there, the published port is.
inside() { nsenter --net="/run/netns/$NETNS" "$@"; }

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# A JDK 25, found as the build finds it.
find_java() {
  local project=$PROJECT
  . "$PROJECT/.mvn/find-jdk.sh"
  find_jdk
}

# Where this machine takes Debian's packages from; DEBIAN_MIRROR says it for a machine that has no Debian source.
debian_mirror() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    printf '%s\n' "$DEBIAN_MIRROR"
    return
  fi
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' | awk '$2 == "Debian" { print $1; exit }'
}
