#!/bin/sh
# The story of websakctl in two minutes; `make demo` runs it. Everything happens in .websakctl/demo: a copy of the
# config, and a sandbox of its own. Nothing else is touched, whatever WEBSAKCTL_* variables say.
set -eu

cd "$(dirname "$0")/.."
here=$(pwd)
demo=$here/.websakctl/demo
for name in $(env | sed -n 's/^\(WEBSAKCTL_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done

if [ -t 1 ]; then strong=$(printf '\033[1m') plain=$(printf '\033[0m'); else strong='' plain=''; fi
step=0
tell() {
  step=$((step + 1))
  printf '\n%s%s. %s%s\n\n' "$strong" "$step" "$1" "$plain"
}
websakctl() {
  printf '$ websakctl %s\n' "$*"
  "$here/.venv/bin/websakctl" "$@"
}
stop() { "$here/.venv/bin/websakctl" --root "$demo" sandbox stop >/dev/null 2>&1 || true; }
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -d "$demo" ]; then
  stop
  rm -rf "$demo"
fi
mkdir -p "$here/.websakctl"
chmod 700 "$here/.websakctl"
mkdir "$demo"
cp -R config districts "$demo/"
cd "$demo"

tell "Fifteen districts share one Websak. Their setup is YAML, written once and checked offline."
websakctl validate
websakctl districts list

tell "No Websak is configured, so commands use a sandbox: a real server with a real database. Here it starts empty."
websakctl sandbox reset --empty

tell "The plan: everything is to be created. What is the same in fifteen districts is one line. A plan writes nothing."
websakctl plan

tell "Apply it. On a terminal it asks first; here --auto-approve says yes."
echo '$ websakctl apply --auto-approve --reason "the demo" > applied.txt'
"$here/.venv/bin/websakctl" apply --auto-approve --reason "the demo" > applied.txt || { code=$?; cat applied.txt; exit "$code"; }
tail -n 1 applied.txt

tell "Plan again: nothing is left to do."
websakctl plan --detailed-exitcode

tell "One edit to the base: a department gets another name in every district."
old='OPPV: {name: Oppvekst}'
new='OPPV: {name: Oppvekst og læring}'
if ! grep -qF "$old" config/org_units.yaml; then
  echo "config/org_units.yaml does not say '$old', which this step changes" >&2
  exit 1
fi
sed "s/$old/$new/" config/org_units.yaml > edited && mv edited config/org_units.yaml
printf 'config/org_units.yaml\n  - %s\n  + %s\n' "$old" "$new"

tell "The plan shows one change for fifteen districts."
code=0
websakctl plan --detailed-exitcode || code=$?
[ "$code" -eq 2 ]

tell "That was all. The sandbox stops now; what it holds is kept in .websakctl/demo."
websakctl sandbox stop
printf '\nTo go on from here:\n  cd .websakctl/demo\n  ../../.venv/bin/websakctl plan\n'
