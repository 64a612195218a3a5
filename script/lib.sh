# What every script here shares. Sourced, never run. Needs bash 4.4 or later.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"

# One target directory for all: CARGO_TARGET_DIR if given, as an absolute path, or ./target.
if [ -n "${CARGO_TARGET_DIR:-}" ]; then
  case "$CARGO_TARGET_DIR" in /*) ;; *) CARGO_TARGET_DIR="$ROOT/$CARGO_TARGET_DIR" ;; esac
  export CARGO_TARGET_DIR
fi
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"
LOGS="$TARGET/logs"
# Tools of the versions we need go here, so that we never replace another project's cargo-leptos or wasm-bindgen.
TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/showup/tools"
export PATH="$ROOT/style/node_modules/.bin:$TOOLS/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
mkdir -p "$LOGS"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' DIM=$'\e[2m' PLAIN=$'\e[0m'; else BOLD='' RED='' GREEN='' DIM='' PLAIN=''; fi

say() { printf '%s\n' "$*"; }
# One sentence (and what to do about it), then the end. Never a stack trace.
die() { [ -z "${MIDLINE:-}" ] || say ''; printf '%s\n' "${RED}Stopped:${PLAIN} $*" >&2; trap - ERR; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
# The last resort for what nobody foresaw.
on_error() { local rc=$? line=$1; trap - ERR; printf '%s\n' "${RED}Stopped:${PLAIN} ${0##*/} failed at line $line (exit code $rc). Logs are in $LOGS." >&2; exit "$rc"; }
trap 'on_error $LINENO' ERR
set -o errtrace
# Ctrl-C and the end: a script that has something to put away defines `finish`.
QUIET_PID=''
on_exit() {
  trap - EXIT ERR INT TERM HUP
  if [ -n "$QUIET_PID" ]; then kill -TERM -- "-$QUIET_PID" 2>/dev/null || true; fi
  if declare -F finish >/dev/null; then finish; fi
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

duration() { local s=$1; if [ "$s" -ge 60 ]; then printf '%d min %d s' $((s / 60)) $((s % 60)); else printf '%d s' "$s"; fi; }

# Runs a long command quietly: output to a log, and how far it is on the screen. Usage: quietly LOG COMMAND…
# On failure returns the command's exit code; the caller explains, with `explain LOG`.
quietly() {
  local log=$1 pid rc=0 start=$SECONDS shown=$SECONDS n last
  shift
  # A process group of its own: Ctrl-C ends the whole build, not only this script.
  set -m
  (trap - ERR EXIT; "$@") >"$log" 2>&1 </dev/null &
  pid=$! QUIET_PID=$!
  set +m
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    if { [ -t 1 ] && [ $((SECONDS - shown)) -ge 2 ]; } || [ $((SECONDS - shown)) -ge 30 ]; then
      shown=$SECONDS
      n=$(grep -cE '^ +(Compiling|Checking) ' "$log" || true)
      last=$(grep -oE '^ +(Compiling|Checking) [^ ]+' "$log" | tail -1 | awk '{print $2}' || true)
      if [ "$n" -gt 0 ]; then last="$n crates done, now $last, "; else last=''; fi
      if [ -t 1 ]; then printf '\r\e[K      %s%s' "${DIM}$last" "$(duration $((SECONDS - start)))${PLAIN}"; else printf '      … %s%s\n' "$last" "$(duration $((SECONDS - start)))"; fi
    fi
  done
  if [ -t 1 ]; then printf '\r\e[K'; fi
  wait "$pid" || rc=$?
  QUIET_PID=''
  return "$rc"
}

# One sentence for what usually goes wrong, read from a log.
explain() {
  local log=$1 what=$2
  if grep -qiE 'could not resolve|failed to (download|lookup|connect)|getaddrinfo|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|network is unreachable|temporary failure|connection (refused|timed out|reset)|spurious network' "$log"; then
    die "$what needs the network, and it can't be reached (or a proxy is missing). Once it is there, start again: what is done stays done. Log: $log"
  elif grep -qiE 'no space left on device|ENOSPC' "$log"; then
    die "$what found the disk full. About 15 GB are needed. Log: $log"
  elif grep -qiE 'permission denied|EACCES' "$log"; then
    die "$what lacks the right to write a file: $(grep -iE 'permission denied|EACCES' "$log" | tail -1). Log: $log"
  fi
  tail -n 30 "$log" >&2
  die "$what failed; its last lines are above. Log: $log"
}

# Cargo must not see a database address: apalis checks its SQL while compiling and would try to connect.
without_database() { env -u DATABASE_URL -u TEST_DATABASE_URL SQLX_OFFLINE=true "$@"; }

free_port() { node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
# host and port of an address; whoever listens everywhere is reached at 127.0.0.1
port_of() { printf '%s' "${1##*:}"; }
reach_of() { case "${1%:*}" in 0.0.0.0 | '[::]' | '' | '*') printf '127.0.0.1:%s' "${1##*:}" ;; *) printf '%s' "$1" ;; esac; }
port_taken() { local at; at=$(reach_of "$1"); (exec 3<>"/dev/tcp/${at%:*}/${at##*:}") 2>/dev/null; }
# "showup (process 1234)", or nothing when it can't be known
port_owner() {
  local port=$1 line=''
  if have ss; then line=$(ss -Hltnp "sport = :$port" 2>/dev/null | grep -oE '\("[^"]+",pid=[0-9]+' | head -1 | sed -E 's/\("([^"]+)",pid=([0-9]+)/\1 (process \2)/' || true); fi
  if [ -z "$line" ] && have lsof; then line=$(lsof -nP -iTCP:"$port" -sTCP:LISTEN -Fpc 2>/dev/null | sed -nE 's/^p(.*)/\1/p;s/^c(.*)/\1/p' | head -2 | paste -sd' ' - | sed -E 's/^([0-9]+) (.*)/\2 (process \1)/' || true); fi
  printf '%s' "$line"
}

# 0 when the address answers with a 2xx.
answers() { node -e 'fetch(process.argv[1],{signal:AbortSignal.timeout(10000)}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))' "$1"; }
# Waits for a program to answer. Usage: wait_until_up NAME PID URL LOG SECONDS
wait_until_up() {
  local name=$1 pid=$2 url=$3 log=$4 limit=$5 start=$SECONDS
  until answers "$url"; do
    if ! kill -0 "$pid" 2>/dev/null; then tail -n 20 "$log" >&2; die "$name ended before it was ready; its last lines are above. Log: $log"; fi
    if [ $((SECONDS - start)) -ge "$limit" ]; then tail -n 20 "$log" >&2; die "$name did not answer at $url within $limit s; its last lines are above. Log: $log"; fi
    sleep 0.2
  done
}

# Starts a program in a process group of its own, so that Ctrl-C reaches only this script, which then stops it in order.
# Usage: start LOG COMMAND…; the process id is in STARTED.
start() {
  local log=$1
  shift
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  STARTED=$!
  set +m
}
# Asks programs to end, waits ten seconds, then insists.
stop() {
  local pid i
  for pid in "$@"; do [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "$@"; do
    [ -n "$pid" ] || continue
    for ((i = 0; i < 100; i++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

# The demo's Twilio account. Put together here so that secret scanners don't take it for a real one.
demo_account() {
  DEMO_ACCOUNT_SID="AC$(printf 'de%.0s' {1..16})"
  DEMO_AUTH_TOKEN="$(printf 'f0%.0s' {1..16})"
  DEMO_FROM='+15005550006'
}

# Everything the browser and the server need, in $TARGET/<debug|release> and target/site. Usage: build dev|test|release
# (`frontend` is left out of native builds: it would switch Leptos to browser mode for the server too.)
build() {
  local bin="$TARGET/debug" before
  if [ "$1" = release ]; then bin="$TARGET/release"; fi
  if [ -f "$bin/.showup-stamp" ] && [ "$(cat "$bin/.showup-stamp")" = "$(build_stamp "$bin")" ]; then say "      nothing changed"; return 0; fi
  rm -f "$bin/.showup-stamp"
  before=$(sources_stamp)
  case "$1" in
    release) build_release || return 1 ;;
    test) build_server test --no-run && build_site || return 1 ;;
    *) build_server build --bins && build_site || return 1 ;;
  esac
  # Files edited while building get no stamp, so that the next start builds again.
  if [ "$before" = "$(sources_stamp)" ]; then build_stamp "$bin" >"$bin/.showup-stamp"; fi
}
# For development the server comes first, and for tests with all tests: with those, the macros that everything depends on have more
# features, and whoever builds first without them builds all of it twice. The server reads target/site when it runs.
build_server() { quietly "$LOGS/build.log" without_database cargo "$@" --workspace --exclude frontend; }
# The browser's half; cargo-leptos writes hash.txt, the list of hashed names, next to the executables.
build_site() {
  # What a release compressed, and its list of names, may be of other files of the same name.
  find target/site -name '*.br' -delete -o -name '*.gz' -delete -o -name hash.txt -delete 2>/dev/null || true
  quietly "$LOGS/build.log.front" without_database cargo leptos build --frontend-only --split "$@" || { cat "$LOGS/build.log.front" >>"$LOGS/build.log"; return 1; }
}
# A release carries its site, so the site comes first: all of it, nothing of an older one, compressed, with the list of its names.
build_release() {
  rm -rf target/site
  mkdir -p "$TARGET/release"
  : >"$LOGS/build.log"
  build_site --release || return 1
  precompress target/site || return 1
  cp "$TARGET/release/hash.txt" target/site/hash.txt || return 1
  build_server build --bins --release --features server/embed
}
# Beside every file of a site that becomes smaller by it: the same with brotli 11 (.br) and gzip 9 (.gz), which the server gives out.
precompress() {
  node - "$1" <<'JS'
const fs = require('fs'), path = require('path'), zlib = require('zlib');
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
for (const name of fs.readdirSync(process.argv[2], { recursive: true })) {
  const file = path.join(process.argv[2], name);
  if (!fs.statSync(file).isFile() || /\.(br|gz)$/.test(name)) continue;
  const bytes = fs.readFileSync(file);
  const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const forms = [['.br', zlib.brotliCompressSync(bytes, { params })], ['.gz', zlib.gzipSync(bytes, { level: 9 })]];
  for (const [ending, small] of forms) if (small.length < bytes.length * 0.95) fs.writeFileSync(file + ending, small);
}
JS
}
sources_stamp() {
  local list=(app crates frontend migration public server style .cargo Cargo.toml Cargo.lock Leptos.toml rust-toolchain.toml)
  {
    rustc --version
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then git ls-files -zco --exclude-standard -- "${list[@]}"; else find "${list[@]}" -name node_modules -prune -o -type f -print0; fi |
      LC_ALL=C sort -z | xargs -0 stat -c '%n %s %y' 2>/dev/null || true
  } | sha256sum | cut -c1-64
}
# The sources, and that what was built from them is still there and belongs together: the site's files with the server of development, and
# inside the one of a release, which a build without them (script/bench) must not have replaced.
build_stamp() {
  local bin=$1 kind hash what=''
  if [ -x "$bin/showup" ] && [ -x "$bin/twilio-sim" ]; then
    what=$(stat -c '%s %Y' "$bin/showup")
    if [ "$bin" != "$TARGET/release" ]; then
      what=''
      for kind in css js wasm; do
        hash=$(sed -n "s/^$kind: *//p" "$bin/hash.txt" 2>/dev/null || true)
        if [ -z "$hash" ] || [ ! -f "target/site/pkg/showup.$hash.$kind" ]; then what=''; break; fi
        what="$what $hash"
      done
    fi
  fi
  printf '%s %s\n' "$(sources_stamp)" "${what:-incomplete $RANDOM$RANDOM}"
}
