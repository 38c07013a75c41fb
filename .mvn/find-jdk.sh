# shellcheck shell=sh
# Sourced by mvnw and millrace (POSIX sh): finds a JDK that can build and run Millrace.
#
# find_jdk sets and exports JAVA_HOME, or says in one sentence what to install and returns 1. It takes JAVA_HOME, else the JDK
# on the PATH, else the best of the usual folders: the needed version before newer ones, which nobody has tried.

jdk_needed=25

# Feature version of the JDK in folder $1, or nothing if there is no JDK.
jdk_version() {
    [ -x "$1/bin/javac" ] && [ -x "$1/bin/java" ] || return 0
    if [ -r "$1/release" ]; then
        sed -n 's/^JAVA_VERSION="\{0,1\}\([0-9][0-9]*\).*/\1/p' "$1/release" | head -n 1
    else
        "$1/bin/javac" -version 2>&1 | sed -n 's/^javac \([0-9][0-9]*\).*/\1/p' | head -n 1
    fi
}

# Whether folder $1 has a JDK that is new enough; remembers the newest that is not.
jdk_suits() {
    jdk_found=$(jdk_version "$1")
    [ -n "$jdk_found" ] || return 1
    [ "$jdk_found" -lt "$jdk_needed" ] || return 0
    [ "$jdk_found" -le "$jdk_newest" ] || jdk_newest=$jdk_found
    return 1
}

# The file that $1 is a link to, through any number of links.
follow_links() {
    followed=$1
    while [ -L "$followed" ]; do
        link=$(readlink "$followed")
        case $link in
            /*) followed=$link ;;
            *) followed=$(dirname "$followed")/$link ;;
        esac
    done
    printf '%s\n' "$followed"
}

# The folder of the JDK whose javac or java is on the PATH, or nothing.
jdk_on_path() {
    for program in javac java; do
        found=$(command -v "$program" 2>/dev/null) || continue
        case $found in
            /usr/bin/*) if [ "$(uname -s)" = Darwin ]; then continue; fi ;; # these only ask to install something
            /*) ;;
            *) continue ;;
        esac
        found=$(cd "$(dirname "$(follow_links "$found")")/.." 2>/dev/null && pwd -P) || continue
        if [ -x "$found/bin/javac" ]; then
            printf '%s\n' "$found"
            return 0
        fi
    done
}

# Every folder that may be a JDK, one a line.
jdk_folders() {
    home=${HOME:-/nonexistent}
    for folder in \
        /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/openjdk-* /opt/* /opt/java/* /opt/jdk/* /opt/jdks/* \
        "${SDKMAN_DIR:-$home/.sdkman}"/candidates/java/* "$home"/.jdks/* "$home"/.jdks/*/Contents/Home "$home"/.gradle/jdks/* \
        "$home"/.asdf/installs/java/* "$home"/.local/share/mise/installs/java/* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home "$home"/Library/Java/JavaVirtualMachines/*/Contents/Home \
        /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
        /home/linuxbrew/.linuxbrew/opt/openjdk*/libexec; do
        if [ -d "$folder" ]; then printf '%s\n' "$folder"; fi
    done
}

find_jdk() {
    jdk_newest=0
    if [ -n "${JAVA_HOME:-}" ] && jdk_suits "$JAVA_HOME"; then
        export JAVA_HOME
        return 0
    fi
    jdk_candidate=$(jdk_on_path)
    if [ -n "$jdk_candidate" ] && jdk_suits "$jdk_candidate"; then
        JAVA_HOME=$jdk_candidate
        export JAVA_HOME
        return 0
    fi

    jdk_best=
    jdk_best_version=
    while IFS= read -r jdk_candidate; do
        { [ -n "$jdk_candidate" ] && jdk_suits "$jdk_candidate"; } || continue
        if [ -z "$jdk_best" ] || [ "$jdk_found" -lt "$jdk_best_version" ]; then
            jdk_best=$jdk_candidate
            jdk_best_version=$jdk_found
        fi
    done <<FOLDERS
$(jdk_folders)
FOLDERS
    if [ -n "$jdk_best" ]; then
        JAVA_HOME=$jdk_best
        export JAVA_HOME
        return 0
    fi

    jdk_note=
    [ "$jdk_newest" -eq 0 ] || jdk_note=" (the newest here is $jdk_newest)"
    printf '%s\n' "Millrace needs a JDK $jdk_needed or newer and found none$jdk_note: install one, such as Temurin $jdk_needed from your system's packages or with SDKMAN, or set JAVA_HOME to where it is." >&2
    return 1
}
