#!/bin/sh
# Tests find-jdk.sh with made-up JDKs; prints what failed and ends with 1, or "ok". Run by the tests of module embedded.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/find-jdk.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
work=$(cd "$work" && pwd -P)
failures=0

# A folder that looks like a JDK of version $2, called $1.
make_jdk() {
    mkdir -p "$work/$1/bin"
    for program in java javac; do
        printf '#!/bin/sh\necho "javac %s"\n' "$2" >"$work/$1/bin/$program"
        chmod +x "$work/$1/bin/$program"
    done
    printf 'IMPLEMENTOR="Someone"\nJAVA_VERSION="%s"\n' "$2" >"$work/$1/release"
}

# The usual folders are those of this test.
jdk_folders() {
    for folder in "$work"/usual/*; do
        if [ -d "$folder" ]; then printf '%s\n' "$folder"; fi
    done
}

# expect WHAT JDK: find_jdk must choose that one ("none": must fail).
expect() {
    if (find_jdk && printf '%s' "$JAVA_HOME" >"$work/chosen") 2>"$work/said"; then
        chosen=$(cat "$work/chosen")
    else
        chosen=$work/none
    fi
    if [ "$chosen" != "$work/$2" ]; then
        echo "FAILED: $1: chose $chosen instead of $work/$2"
        failures=$((failures + 1))
    fi
}

system_path=$PATH
tools=$work/tools # what find-jdk.sh itself calls, without any Java
mkdir "$tools"
for tool in sed head dirname readlink uname cat sh rm mktemp; do
    ln -s "$(command -v "$tool")" "$tools/$tool"
done
PATH=$tools
unset JAVA_HOME

expect "nothing there" none
grep=$(PATH=$system_path command -v grep)
"$grep" -q 'needs a JDK 25 or newer and found none: install one' "$work/said" || {
    echo "FAILED: the sentence where there is none: $(cat "$work/said")"
    failures=$((failures + 1))
}

PATH=$system_path
make_jdk usual/java-8 1.8.0_402
make_jdk usual/java-17 17.0.15
PATH=$tools
expect "only older ones" none
"$grep" -q 'the newest here is 17' "$work/said" || {
    echo "FAILED: the sentence does not name the newest: $(cat "$work/said")"
    failures=$((failures + 1))
}

PATH=$system_path
make_jdk "usual/java 27" 27-ea
make_jdk usual/runtime-only 25.0.1
rm "$work/usual/runtime-only/bin/javac"
PATH=$tools
expect "a newer one, with a space in its name and no javac in another" "usual/java 27"

PATH=$system_path
make_jdk usual/temurin-25 25.0.3
make_jdk usual/zz-26 26.0.1
PATH=$tools
expect "the needed version before newer ones" usual/temurin-25

PATH=$system_path
rm "$work/usual/temurin-25/release"
PATH=$tools
expect "a JDK without a release file is asked" usual/temurin-25

PATH=$system_path
make_jdk elsewhere/26 26
make_jdk elsewhere/17 17.0.1
mkdir "$work/links" "$work/oldlinks"
ln -s ../elsewhere/26/bin/java "$work/links/first"
ln -s "$work/links/first" "$work/links/java"
ln -s "$work/elsewhere/17/bin/javac" "$work/oldlinks/javac"
PATH=$work/links:$tools
expect "the PATH, through links" elsewhere/26
PATH=$work/oldlinks:$tools
expect "an older one on the PATH" usual/temurin-25

JAVA_HOME=$work/elsewhere/17
expect "an older JAVA_HOME" usual/temurin-25
JAVA_HOME=$work/not/there
expect "a JAVA_HOME that is not there" usual/temurin-25
JAVA_HOME=$work/usual/zz-26
expect "JAVA_HOME before everything" usual/zz-26

PATH=$system_path
[ "$failures" -eq 0 ] || exit 1
echo ok
