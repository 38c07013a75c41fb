#!/usr/bin/env bash
# Images that stand in for those of docker-compose.yml and Dockerfile where no registry can be reached. They hold the same
# programs, put together from Debian's packages, this machine's JDK and the jars of the build (LIB), and start them the way
# the real ones do as far as docker-compose.yml uses it. Each says so in its label millrace.stand-in.
. "$(dirname "$0")/settings.sh"

BASE_RELEASE=${BASE_RELEASE:-trixie}
# What the manifest of a JDK's release file would say of a JRE.
JRE_MODULES=java.se,java.smartcardio,jdk.accessibility,jdk.charsets,jdk.crypto.cryptoki,jdk.crypto.ec,jdk.dynalink,jdk.httpserver
JRE_MODULES+=,jdk.incubator.vector,jdk.jdwp.agent,jdk.jfr,jdk.jsobject,jdk.localedata,jdk.management,jdk.management.agent
JRE_MODULES+=,jdk.management.jfr,jdk.naming.dns,jdk.naming.rmi,jdk.net,jdk.nio.mapmode,jdk.sctp,jdk.security.auth
JRE_MODULES+=,jdk.security.jgss,jdk.unsupported,jdk.xml.dom,jdk.zipfs
ARGS4J=args4j:args4j:2.37

work=$VERIFY_DIR/images
mkdir -p "$work"

# A Debian with what is essential and the named packages.
root_file_system() { # name, packages
  local image=millrace-verify/$1 packages=$2 mirror
  docker image inspect "$image" >/dev/null 2>&1 && return
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || fail "apt has no Debian source: set DEBIAN_MIRROR."
  mmdebstrap --quiet --variant=minbase ${packages:+--include=$packages} \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    "$BASE_RELEASE" "$work/$1.tar" "deb $mirror $BASE_RELEASE main" 2>"$work/$1.log" || fail "mmdebstrap failed, see $work/$1.log"
  docker import "$work/$1.tar" "$image" >/dev/null
  rm -f "$work/$1.tar"
}

# Builds from a folder. The old builder needs no plugin, and nothing here fetches anything.
build() { # tag, folder
  DOCKER_BUILDKIT=0 docker build --quiet --tag "$1" --label "millrace.stand-in=not the published image; see deploy/verify" "$2" >"$work/build.log" 2>&1 \
    || fail "$1 was not built: $(cat "$work/build.log")"
  say "$1 $(docker image inspect "$1" --format '{{.Size}}' | awk '{ printf "%d MB", $1 / 1e6 }')"
}

fresh() { rm -rf "${work:?}/$1"; mkdir -p "$work/$1"; }

temurin() {
  root_file_system base ""
  fresh temurin
  "$JAVA_HOME/bin/jlink" --add-modules "$JRE_MODULES" --no-header-files --no-man-pages --output "$work/temurin/openjdk"
  cat >"$work/temurin/Dockerfile" <<'DOCKERFILE'
FROM millrace-verify/base
COPY openjdk /opt/java/openjdk
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
DOCKERFILE
  build eclipse-temurin:25-jre "$work/temurin"
}

# The jars that the embedded broker, database and S3 endpoint need: those its manifest names.
platform_jars() { # folder
  unzip -p "$LIB"/embedded-[0-9]*.jar META-INF/MANIFEST.MF | tr -d '\r' | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n //g' \
    | sed -n 's/^Class-Path: //p' | tr ' ' '\n' | grep -v '^millrace\|^embedded-postgres-binaries' | while read -r jar; do
      cp "$LIB/$jar" "$1/"
    done
  cp "$LIB"/logback-*.jar "$LIB"/log4j-to-slf4j-*.jar "$1/"
}

kafka() {
  fresh kafka
  mkdir -p "$work/kafka/libs" "$work/kafka/docker"
  platform_jars "$work/kafka/libs"
  rm -f "$work"/kafka/libs/s3proxy-*.jar
  cp "$HERE/stand-ins/kafka.sh" "$work/kafka/docker/run"
  cp "$HERE/stand-ins/logback.xml" "$work/kafka/docker/"
  # What the real image has in these files does not show: any KAFKA_ variable replaces all of the first.
  echo 'process.roles=broker,controller' >"$work/kafka/docker/server.properties"
  echo 'Configuration: {Loggers: {Root: {level: INFO}, Logger: [{name: kafka, level: INFO}]}}' \
    | tee "$work/kafka/docker/log4j2.yaml" >"$work/kafka/docker/tools-log4j2.yaml"
  cat >"$work/kafka/Dockerfile" <<'DOCKERFILE'
FROM eclipse-temurin:25-jre
RUN useradd --uid 1000 --create-home --shell /bin/bash appuser && mkdir -p /var/lib/kafka/data /etc/kafka/secrets /mnt/shared/config /opt/kafka/config
COPY libs /opt/kafka/libs
COPY docker /etc/kafka/docker
RUN chmod +x /etc/kafka/docker/run && chown -R appuser:appuser /opt/kafka/config /mnt/shared/config && chown -R appuser:root /var/lib/kafka /etc/kafka && chmod -R ug+w /etc/kafka /var/lib/kafka
EXPOSE 9092
USER appuser
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
CMD ["/etc/kafka/docker/run"]
DOCKERFILE
  build "$(image_of apache/kafka)" "$work/kafka"
}

postgres() {
  root_file_system postgres-base postgresql-client-17
  fresh postgres
  mkdir -p "$work/postgres/server"
  unzip -p "$LIB"/embedded-postgres-binaries-linux-"$(dpkg --print-architecture)"-[0-9]*.jar '*.txz' | tar -xJ -C "$work/postgres/server"
  cp "$HERE/stand-ins/postgres.sh" "$work/postgres/docker-entrypoint.sh"
  cat >"$work/postgres/Dockerfile" <<'DOCKERFILE'
FROM millrace-verify/postgres-base
RUN groupadd -r postgres --gid=999 && useradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres \
 && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql && install -d -o postgres -g postgres -m 3777 /var/run/postgresql
COPY server /usr/lib/postgresql/18
COPY docker-entrypoint.sh /usr/local/bin/
RUN chmod +x /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/lib/postgresql/18/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/18/docker LANG=C.UTF-8
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
DOCKERFILE
  build "$(image_of postgres)" "$work/postgres"
}

s3proxy() {
  fresh s3proxy
  mkdir -p "$work/s3proxy/libs"
  platform_jars "$work/s3proxy/libs"
  rm -f "$work"/s3proxy/libs/kafka*.jar "$work"/s3proxy/libs/*scala*.jar "$work"/s3proxy/libs/zstd-jni*.jar
  # The one library of its main class that the embedded endpoint does without.
  (cd "$PROJECT" && ./mvnw -q -B -N dependency:copy "-Dartifact=$ARGS4J" "-DoutputDirectory=$work/s3proxy/libs" >"$work/args4j.log" 2>&1) \
    || fail "$ARGS4J did not come, see $work/args4j.log"
  cp "$HERE/stand-ins/s3proxy.sh" "$work/s3proxy/run-docker-container.sh"
  cp "$HERE/stand-ins/logback.xml" "$work/s3proxy/"
  cat >"$work/s3proxy/Dockerfile" <<'DOCKERFILE'
FROM eclipse-temurin:25-jre
WORKDIR /opt/s3proxy
COPY libs /opt/s3proxy/libs
COPY logback.xml run-docker-container.sh /opt/s3proxy/
RUN chmod +x /opt/s3proxy/run-docker-container.sh
ENV LOG_LEVEL=info S3PROXY_AUTHORIZATION=aws-v2-or-v4 S3PROXY_ENDPOINT=http://0.0.0.0:80 S3PROXY_IDENTITY=local-identity \
    S3PROXY_CREDENTIAL=local-credential JCLOUDS_PROVIDER=filesystem JCLOUDS_IDENTITY=remote-identity JCLOUDS_CREDENTIAL=remote-credential \
    JCLOUDS_FILESYSTEM_BASEDIR=/data
EXPOSE 80 443
ENTRYPOINT ["/opt/s3proxy/run-docker-container.sh"]
DOCKERFILE
  build "$(image_of andrewgaul/s3proxy)" "$work/s3proxy"
}

# The tag that docker-compose.yml asks for.
image_of() { sed -n "s|^ *image: \($1:.*\)$|\1|p" "$PROJECT/docker-compose.yml"; }

[ -d "$LIB" ] || fail "There is no $LIB: build first with ./mvnw package -DskipTests"
find_java
for image in "${@:-temurin kafka postgres s3proxy}"; do
  # shellcheck disable=SC2086 # a list of words
  for each in $image; do $each; done
done
