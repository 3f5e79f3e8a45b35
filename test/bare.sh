#!/usr/bin/env bash
# Shows that a newcomer's first two commands, `make run` and `make test`, work on
# a bare Debian: one that has Go, git and make and nothing else. By hand and as
# root, it takes some twenty minutes: make bare. BARE names what to do, of
#
#   run         make run, as a user, and once more on a taken port
#   user        make test, as a user who may not install anything
#   root        make test, as root, which installs what is missing
#
# The machine is a directory that debootstrap fills from the mirror apt is
# configured with, in namespaces of its own: its mounts and processes end with it.
# What is tested is the last commit. Network and apt, npm and Go's proxies are ours.
set -u
cd "$(dirname "$0")/.." || exit 1
[ "$(id -u)" = 0 ] || { echo "bare.sh: only root can change its root directory"; exit 1; }
command -v debootstrap >/dev/null || { echo "bare.sh: apt-get install debootstrap"; exit 1; }

if [ -z "${BARE_DIR:-}" ]; then
    BARE_DIR=$(mktemp -d /var/tmp/bare.XXXXXX) || exit 1
    export BARE_DIR
    unshare --mount --pid --fork --kill-child bash "$0" &
    there=$!
    trap 'kill -KILL $there 2>/dev/null; wait $there; until rm -rf --one-file-system "$BARE_DIR"; do sleep 1; done' EXIT
    trap 'exit 1' INT TERM HUP
    wait $there
    exit
fi

say() { printf '\n=== bare, %s: %s\n' "$(date +%T)" "$*"; }

root=$BARE_DIR/root
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" 'Created-By: Packages' | head -n 1)
say "debootstrap $suite"
debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$root" "$mirror" >"$BARE_DIR/log" 2>&1 ||
    { cat "$BARE_DIR/log"; exit 1; }
apt-config dump | grep -i '^Acquire::https\?::' >"$root/etc/apt/apt.conf.d/00ours"
for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /etc/npmrc; do
    [ ! -e $file ] || cp -L $file "$root$file"
done
cp -a "$(go env GOROOT)" "$root/usr/local/go"
useradd --root "$root" --create-home --shell /bin/bash ann
for home in /root /home/ann; do git clone -q --no-hardlinks . "$root$home/websocketd" || exit 1; done
chown -R --reference="$root/home/ann" "$root/home/ann"
mount -t proc proc "$root/proc" && mount -t sysfs sysfs "$root/sys" && mount --rbind /dev "$root/dev" || exit 1

# as becomes a line of shell there, in the clone of a user, with nothing of our
# environment but the ways out.
as() {
    local user=$1 home=/home/$1
    [ "$user" = root ] && home=/root
    exec chroot --userspec="$user:$user" "$root" env -i HOME="$home" USER="$user" TERM=dumb LANG=C.UTF-8 \
        PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin $(env | grep -iE '^[a-z_]*_proxy=') \
        GOPROXY="$(go env GOPROXY)" GOSUMDB="$(go env GOSUMDB)" GOTOOLCHAIN=local PORT="$port" sh -c "cd $home/websocketd && $2"
}

port=$((20000 + RANDOM % 9000))
page() { exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3 && cat <&3; }

# words says whether a file has all these words.
words() {
    local file=$1 text missing=0
    shift
    for text; do grep -qF -- "$text" "$file" || { echo "make run does not say: $text"; missing=1; }; done
    return $missing
}

# try_run starts `make run`, waits for its page, and tries a second one beside it.
try_run() {
    local log=$BARE_DIR/run start=$SECONDS status=0
    (as ann 'exec make run PORT=$PORT') >"$log" 2>&1 &
    local job=$!
    until (page) 2>/dev/null | grep -q '<title>'; do
        kill -0 $job 2>/dev/null && [ $((SECONDS - start)) -lt 900 ] || { cat "$log"; return 1; }
        sleep 1
    done
    echo "the console was there after $((SECONDS - start)) s"
    (as ann 'make run PORT=$PORT') >"$log.2" 2>&1 && { echo "a second make run on the same port went well"; status=1; }
    kill $job
    wait $job
    cat "$log" "$log.2"
    words "$log" "Building websocketd. The first time takes a minute or two" \
        "examples/bash/count.sh is about to be a WebSocket server on ws://localhost:$port/" \
        "Open http://localhost:$port/ in a browser" "Ctrl-C stops it." || status=1
    words "$log.2" "Port $port is taken by another program. Take another one: make run PORT=$((port + 1))" || status=1
    return $status
}

failed=""
for what in ${BARE:-run user root}; do
    say "$what"
    start=$SECONDS
    case $what in
    run) try_run ;;
    user) (as ann 'make test') ;;
    root) (as root 'make test') ;;
    *) echo "unknown"; false ;;
    esac
    status=$?
    [ $status = 0 ] || failed="$failed $what"
    say "$what ended with $status after $((SECONDS - start)) s"
done
[ -z "$failed" ] || { say "failed:$failed"; exit 1; }
say "all well"
