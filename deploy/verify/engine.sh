#!/usr/bin/env bash
# A Docker engine of its own, in a network namespace of its own, with its data in VERIFY_DIR. Nothing else on the machine
# sees it. For a Debian or a relative of it, as root.
#   engine.sh install   packages and the compose plugin
#   engine.sh start     waits until it answers
#   engine.sh stop      the engine, its containers and the namespace; images stay
#   engine.sh clean     stop, and forget everything in VERIFY_DIR
. "$(dirname "$0")/settings.sh"

# The compose plugin comes, in this order, from COMPOSE_PLUGIN=<file>, from the machine, or from the package of the
# Debian release PLUGIN_RELEASE on the mirror that the machine uses anyway.
PLUGIN_RELEASE=${PLUGIN_RELEASE:-trixie}

install_packages() {
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
  command -v xz >/dev/null || missing+=(xz-utils)
  command -v unzip >/dev/null || missing+=(unzip)
  command -v nsenter >/dev/null || missing+=(util-linux)
  command -v ip >/dev/null || missing+=(iproute2)
  command -v curl >/dev/null || missing+=(curl)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  if [ ! -e /usr/sbin/policy-rc.d ]; then # The package would start an engine on the machine's own network.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -q >"$VERIFY_DIR/apt.log" 2>&1
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >>"$VERIFY_DIR/apt.log" 2>&1 \
    || fail "apt-get install ${missing[*]} failed, see $VERIFY_DIR/apt.log"
}

install_plugin() {
  local plugins=$DOCKER_CONFIG/cli-plugins
  mkdir -p "$plugins"
  if [ -n "${COMPOSE_PLUGIN:-}" ]; then
    install -m 755 "$COMPOSE_PLUGIN" "$plugins/docker-compose"
  elif ! docker compose version >/dev/null 2>&1; then
    local own=$VERIFY_DIR/apt mirror
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || fail "apt has no Debian source to take docker-compose from: set COMPOSE_PLUGIN to the plugin's file."
    mkdir -p "$own/lists/partial" "$own/cache/archives/partial"
    echo "deb $mirror $PLUGIN_RELEASE main" >"$own/sources.list"
    local apt=(apt-get -q -o "Dir::Etc::SourceList=$own/sources.list" -o Dir::Etc::SourceParts=/dev/null
      -o "Dir::State::Lists=$own/lists" -o "Dir::Cache=$own/cache" -o APT::Sandbox::User=root)
    "${apt[@]}" update >>"$VERIFY_DIR/apt.log" 2>&1
    (cd "$own" && "${apt[@]}" download docker-compose >>"$VERIFY_DIR/apt.log" 2>&1 && dpkg -x docker-compose_*.deb unpacked) \
      || fail "docker-compose of $PLUGIN_RELEASE did not come, see $VERIFY_DIR/apt.log; or set COMPOSE_PLUGIN to the plugin's file."
    install -m 755 "$own/unpacked/usr/libexec/docker/cli-plugins/docker-compose" "$plugins/"
  fi
  say "compose $(docker compose version --short)"
}

start() {
  mkdir -p "$VERIFY_DIR"
  if docker version >/dev/null 2>&1; then
    say "the engine is up"
    return
  fi
  [ -e "/run/netns/$NETNS" ] || ip netns add "$NETNS"
  ip -n "$NETNS" link set lo up
  setsid nsenter --net="/run/netns/$NETNS" dockerd \
    --data-root "$VERIFY_DIR/data" --exec-root "$VERIFY_DIR/exec" -p "$VERIFY_DIR/docker.pid" -H "$DOCKER_HOST" \
    >"$VERIFY_DIR/docker.log" 2>&1 </dev/null &
  for _ in $(seq 60); do
    if docker version >/dev/null 2>&1; then
      say "engine $(docker version --format '{{.Server.Version}}'), $(docker info --format '{{.Driver}}, cgroup v{{.CgroupVersion}}')"
      return
    fi
    sleep 0.5
  done
  fail "The engine does not answer, see $VERIFY_DIR/docker.log"
}

stop() {
  if [ -e "$VERIFY_DIR/docker.pid" ]; then
    local pid
    pid=$(cat "$VERIFY_DIR/docker.pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 120); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.5
    done
  fi
  [ ! -e "/run/netns/$NETNS" ] || ip netns delete "$NETNS"
}

mkdir -p "$VERIFY_DIR"
case ${1:-} in
  install) install_packages; install_plugin ;;
  start) start ;;
  stop) stop ;;
  clean) stop; rm -rf "$VERIFY_DIR" ;;
  *) fail "engine.sh install|start|stop|clean" ;;
esac
