#!/usr/bin/env bash
# Brings docker-compose.yml up on a real engine and takes the whole journey through it: see README.md. As root, on a Debian
# or a relative of it, after ./mvnw package -DskipTests. What it finds goes to VERIFY_DIR/report.txt too.
#   verify.sh           everything, from no engine to no engine
#   verify.sh --keep    leaves the engine and the images for the next time
. "$(dirname "$0")/settings.sh"

[ -d "$LIB" ] || fail "There is no $LIB: build first with ./mvnw package -DskipTests"
mkdir -p "$VERIFY_DIR"
report=$VERIFY_DIR/report.txt
: >"$report"
find_java

export POSTGRES_PASSWORD=not-a-secret-in-here S3_ACCESS_KEY=verify S3_SECRET_KEY=not-a-secret-in-here
gateway=http://127.0.0.1:8080
passed=0
failed=0

exec 3>&1
line() { printf '%s\n' "$*" | tee -a "$report" >&3; }

# Each check is a shell of its own that ends at the first command that fails.
check() { # what is shown, command...
  local what=$1 began=$SECONDS status
  shift
  set +e
  (set -e; "$@") >"$VERIFY_DIR/check.log" 2>&1
  status=$?
  set -e
  if [ $status -eq 0 ]; then
    line "ok      $what ($((SECONDS - began)) s)"
    passed=$((passed + 1))
  else
    line "FAILED  $what ($((SECONDS - began)) s)"
    line "$(tail -n 25 "$VERIFY_DIR/check.log" | sed 's/^/        /')"
    failed=$((failed + 1))
  fi
}

compose() { (cd "$PROJECT" && docker compose --progress quiet "$@"); }
get() { inside curl -s -f -m 20 "$gateway$1"; }
millrace() { inside "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -jar "$LIB"/cli-[0-9]*.jar --gateway "$gateway" "$@"; }
container() { compose ps -q "$1" | head -1; }
restarts() { docker inspect --format '{{.RestartCount}}' "$(container "$1")"; }

# Repeats a command until it succeeds.
within() { # seconds, command...
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ $SECONDS -gt $deadline ]; then
      echo "not in time: $*"
      return 1
    fi
    sleep 0.5
  done
}

status_of() { get "/api/v1/flows/$1" | sed -n 's/^{"requestId":"[^"]*","status":"\([A-Z_]*\)".*/\1/p'; }
count_of() { get "/api/v1/flows/$1" | grep -o "\"type\":\"$2\"" | wc -l; }
has_status() { [ "$(status_of "$1")" = "$2" ]; }
has_event() { [ "$(count_of "$1" "$2")" -gt 0 ]; }
# Asks for a training and does not wait.
request() { # pipeline file, request id, options...
  local file=$1 id=$2
  shift 2
  millrace run "$file" --request-id "$id" --detach "$@"
}

# A pipeline of another name, so that it meets no champion.
pipeline() { # name, trees
  sed -e "s/^name: .*/name: $1/" -e "s/trees: [0-9]*/trees: $2/" "$PROJECT/samples/breast-cancer.yaml" >"$VERIFY_DIR/$1.yaml"
  printf '%s\n' "$VERIFY_DIR/$1.yaml"
}

## The steps

only_the_gateway_is_published() {
  local ports
  ports=$(docker ps --filter label=com.docker.compose.project=millrace --format '{{.Names}} {{.Ports}}' | grep -e '->')
  echo "$ports"
  [ "$ports" = "millrace-gateway-1 127.0.0.1:8080->8080/tcp" ]
}

services_have_no_rights() {
  local service
  for service in gateway tracking-service artifact-service training-worker evaluation-worker deployment-service inference-service monitoring-service; do
    # shellcheck disable=SC2016 # the container's variables
    compose exec -T "$service" bash -c '
      [ "$(id -u)" = 10001 ] || exit 1
      while read -r key value; do
        case $key in
          CapEff:) [ "$value" = 0000000000000000 ] || exit 1 ;;
          NoNewPrivs:) [ "$value" = 1 ] || exit 1 ;;
        esac
      done </proc/self/status' || { echo "$service"; return 1; }
  done
}

# The gateway's address on the other network stands for the world outside.
inside_there_is_no_way_out() {
  local outside
  outside=$(docker inspect --format '{{.NetworkSettings.Networks.millrace_outside.IPAddress}}' "$(container gateway)")
  compose exec -T gateway bash -c "exec 3<>/dev/tcp/$outside/8080"
  compose exec -T tracking-service bash -c 'exec 3<>/dev/tcp/gateway/8080'
  if compose exec -T tracking-service timeout 3 bash -c "exec 3<>/dev/tcp/$outside/8080"; then
    echo "tracking-service reaches $outside"
    return 1
  fi
}

journey() {
  local sampler
  (while sleep 0.5; do docker stats --no-stream --format '{{.MemUsage}}' "$(container training-worker)"; done) >"$VERIFY_DIR/memory.txt" &
  sampler=$!
  millrace run "$PROJECT/samples/breast-cancer.yaml" --data "$PROJECT/samples/breast-cancer.csv" --request-id first-journey
  kill $sampler
  line "        training-worker with its trainer: $(sort -h "$VERIFY_DIR/memory.txt" | tail -1) at most, of $(wc -l <"$VERIFY_DIR/memory.txt") looks"
  has_status first-journey DEPLOYED
}

prediction() {
  millrace predict breast-cancer "$PROJECT/samples/breast-cancer.csv" --rows 3 | tee /dev/stderr | grep -c probabilities | grep -qx 3
}

# Every number three times as large: no column looks as it did.
drift() {
  awk -F, 'BEGIN { OFS = "," } NR > 1 { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9.]+$/) $i *= 3 } { print }' \
    "$PROJECT/samples/breast-cancer.csv" >"$VERIFY_DIR/shifted.csv"
  millrace predict breast-cancer "$VERIFY_DIR/shifted.csv" --rows 150 >/dev/null
  within 60 is_drifted
}
is_drifted() { get /api/v1/monitoring | grep -q '"environment":"production","modelName":"breast-cancer","version":[0-9]*,"revision":[0-9]*,"status":"DRIFTED"'; }

# Six trainings at once for three workers.
share_work() {
  local n file workers
  compose up -d --wait --no-recreate --scale training-worker=3
  for n in 1 2 3 4 5 6; do
    file=$(pipeline "shared-$n" 500)
    request "$file" "shared-$n"
  done
  for n in 1 2 3 4 5 6; do within 300 has_status "shared-$n" DEPLOYED; done
  workers=$(for n in 1 2 3 4 5 6; do get "/api/v1/flows/shared-$n" | grep -o '"worker":"[^"]*"'; done | sort | uniq -c)
  echo "$workers"
  line "        jobs of each worker: $(awk '{ printf "%s%d", sep, $1; sep = ", " }' <<<"$workers")"
  [ "$(wc -l <<<"$workers")" -gt 1 ]
  compose up -d --wait --no-recreate --scale training-worker=1
}

# Kills the first process of a container in the middle of a training, as the kernel would.
killed() { # service
  local service=$1 id=killed-$1 before
  before=$(restarts "$service")
  request "$(pipeline "$id" 800)" "$id"
  within 120 has_event "$id" RunStarted
  kill -9 "$(docker inspect --format '{{.State.Pid}}' "$(container "$service")")"
  within 30 restarted "$service" "$before"
  within 300 has_status "$id" DEPLOYED
  local event
  for event in ModelTrained ModelVersionCreated ModelEvaluated; do
    [ "$(count_of "$id" $event)" = 1 ] || { echo "$event $(count_of "$id" $event) times"; return 1; }
  done
  [ "$(count_of "$id" ModelPromoted)" = 2 ] && [ "$(count_of "$id" ModelDeployed)" = 2 ]
  compose up -d --wait --no-recreate
}
restarted() { [ "$(restarts "$1")" -gt "$2" ]; }

# Answers calls while the broker is away, is replaced, and the predictions come all the same.
spool_outlives_the_container() {
  local before
  compose stop kafka
  within 60 answers_predictions
  within 30 spool_holds_something
  before=$(container inference-service)
  compose rm -s -f inference-service
  compose up -d --wait kafka inference-service
  [ "$(container inference-service)" != "$before" ] || { echo "the container is the same"; return 1; }
  within 90 spool_is_empty
}
answers_predictions() { millrace predict breast-cancer "$PROJECT/samples/breast-cancer.csv" --rows 5 >/dev/null; }
# shellcheck disable=SC2016 # the container's variables
spool_size() { compose exec -T inference-service bash -c 'shopt -s nullglob; n=0; for f in inference/spool/*/*.spool; do n=$((n + $(stat -c %s "$f"))); done; echo $n'; }
spool_holds_something() { local size; size=$(spool_size) && echo "$size bytes wait" && [ "$size" -gt 0 ]; }
spool_is_empty() { local size; size=$(spool_size) && [ "$size" -eq 0 ]; }

stops_in_time() {
  local ended
  compose logs --no-color >"$VERIFY_DIR/services.log" 2>&1
  compose stop
  # shellcheck disable=SC2046 # a list of words
  ended=$(docker inspect --format '{{.State.FinishedAt}} {{.State.ExitCode}} {{.Name}}' $(docker ps -aq --filter label=com.docker.compose.project=millrace) | sort)
  echo "$ended"
  line "        the last to stop: $(tail -1 <<<"$ended" | sed 's|.*/millrace-||')"
  ! grep ' 137 ' <<<"$ended" # the status of a process that had to be killed
}

nothing_is_left() {
  compose down -v
  [ -z "$(docker ps -aq --filter label=com.docker.compose.project=millrace)$(docker volume ls -q --filter label=com.docker.compose.project=millrace)$(docker network ls -q --filter label=com.docker.compose.project=millrace)" ]
}

config_needs_passwords() { ! (unset POSTGRES_PASSWORD; compose config -q); }

sizes() {
  line ""
  line "image of the services: $(docker image inspect millrace:0.1.0 --format '{{.Size}}' | awk '{ printf "%d MB", $1 / 1e6 }'), of which the JRE and the system below it $(docker image inspect eclipse-temurin:25-jre --format '{{.Size}}' | awk '{ printf "%d MB", $1 / 1e6 }')"
  line "memory: container, in use / limit"
  # shellcheck disable=SC2046 # a list of words
  line "$(docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' $(docker ps -q --filter label=com.docker.compose.project=millrace) | sort | sed 's/^/        /')"
  line ""
}

leave() {
  compose down -v >/dev/null 2>&1 || true
  [ "${1:-}" = --keep ] || "$HERE/engine.sh" stop
}
trap 'leave "${1:-}"' EXIT

"$HERE/engine.sh" install
"$HERE/engine.sh" start
"$HERE/stand-ins.sh"
line "$(date -u +%F) $(uname -srm), $(nproc) cores; engine $(docker version --format '{{.Server.Version}}'), compose $(docker compose version --short)"

compose down -v >/dev/null 2>&1 # what an interrupted run left: it has other passwords

check "docker compose config accepts the file" compose config -q
check "it refuses to start without a password" config_needs_passwords
check "the image is built" compose build
check "up --wait: every container is healthy" compose up -d --wait
[ $failed -eq 0 ] || fail "Nothing more can be shown."
check "only the gateway is published, on this machine alone" only_the_gateway_is_published
check "services run as their own user, without capabilities" services_have_no_rights
check "the inner network has no way out" inside_there_is_no_way_out
check "journey: data in, model trained, evaluated, promoted and served" journey
check "predictions through the gateway" prediction
check "a shifted stream is seen as drift" drift
sizes
check "of three training workers several share six jobs" share_work
for service in training-worker tracking-service artifact-service evaluation-worker deployment-service inference-service monitoring-service gateway kafka postgres s3; do
  check "kill -9 of $service in the middle of a journey: it restarts and the journey ends, with one of everything" killed "$service"
done
check "unsent predictions outlive the container" spool_outlives_the_container
sizes
check "stop: everything ends by itself" stops_in_time
check "down -v leaves nothing" nothing_is_left
line "$passed passed, $failed failed"
[ $failed -eq 0 ]
