# Sourced: a Debian that boots in systemd-nspawn, with Node, npm and the packed tarball in it. `work` is a folder that the script made,
# `root` where that Debian goes; `nspawn` is its process while it runs. BOOTED_ROOT=FOLDER: a Debian that debootstrap made before, to be copied.
nspawn=

install_tools() {
  export DEBIAN_FRONTEND=noninteractive
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || { apt-get -o Acquire::Retries=3 update -q && apt-get -o Acquire::Retries=3 install -q -y --no-install-recommends debootstrap systemd-container iproute2; } >/dev/null
  done
}
# Fails where Debian's packages are out of reach.
make_debian() {
  if [ -n "${BOOTED_ROOT:-}" ]; then cp -a "$BOOTED_ROOT" "$root"; else
    timeout 480 debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,ca-certificates,libatomic1,procps,sudo bookworm "$root" >"$work/debootstrap.log" 2>&1
  fi
}
# Leaves $work/toru-*.tgz, and the package for everybody in that Debian.
install_package() {
  npm run --silent build -- --if-stale >"$work/build.log" 2>&1
  npm pack --silent --pack-destination "$work" >/dev/null
  cp -L node_modules/.bin/node "$root/usr/local/bin/node"
  # npm goes in as well, with a cache that has all it needs: the container has no network.
  cp -aL "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$root/usr/local/lib/npm"
  ln -s ../lib/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  npm install --global --prefix "$root/usr/local" --cache "$root/opt/npm" --loglevel=error "$work"/toru-*.tgz >"$work/npm.log" 2>&1
  mkdir -p "$root/usr/local/etc"
  printf 'offline=true\ncache=/opt/npm\n%s\n' "registry=$(npm config get registry)" >"$root/usr/local/etc/npmrc"
  chown -R 0:0 "$root/opt" "$root/usr/local"
}
# What no container can boot in (no privileges for one, as in some sandboxes) says nothing of Toru. Prints why.
can_boot() { systemd-nspawn --quiet --directory="$root" --machine="toru-probe-$$" --register=no --keep-unit --private-network --console=pipe /bin/true </dev/null 2>&1; }
# Boots it, and waits until systemd says that it is up: `degraded` when something of Debian's own has no hardware here.
# With the network that the options give.
boot() {
  systemd-nspawn --quiet --directory="$root" --machine="toru-$$" --boot --register=no --keep-unit "$@" --console=read-only --link-journal=no </dev/null >"$work/console.log" 2>&1 &
  nspawn=$!
  local _
  for _ in $(seq 240); do
    kill -0 "$nspawn" 2>/dev/null || fail 'the container ended'
    [ -z "$(leader)" ] || case $(nsenter -t "$(leader)" -a systemctl is-system-running 2>/dev/null || true) in running | degraded) return ;; esac
    sleep 0.5
  done
  fail 'it does not boot'
}
leader() { pgrep -P "$nspawn" -x systemd || true; }
halt() {
  [ -z "$nspawn" ] || { kill "$nspawn" 2>/dev/null && wait "$nspawn"; } || true
  nspawn=
}
