#!/usr/bin/env bash
# Install dist/*.deb, use it as somebody does who has nothing else of it, remove it, and look that nothing stays.
# Needs root, xvfb, x11-utils, xdotool, and .venv to judge by.
# PATIENTS=24 also builds and analyses a small synthetic study (some minutes).
set -euo pipefail
cd "$(dirname "$0")/.."

deb=$(ls -t dist/*.deb 2>/dev/null | head -1)
patients=${PATIENTS:-}
python=$(cd "${ESCC_VENV:-.venv}" && pwd)/bin/python
say() { printf '%s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

[ -n "$deb" ] || fail "there is no dist/*.deb; run: make deb"
[ "$(id -u)" -eq 0 ] || fail "installing needs root: sudo make try-deb"
for tool in xvfb-run xwininfo xdotool; do
    command -v "$tool" >/dev/null || fail "missing $tool; run: apt-get install -y xvfb x11-utils xdotool"
done
! dpkg-query -W escc-desktop >/dev/null 2>&1 || fail "escc-desktop is installed already; this would remove it"

work=$(mktemp -d)
home=$work/home
mkdir "$home"
clean() { dpkg --purge escc-desktop >/dev/null 2>&1 || true; rm -rf "$work"; }
trap clean EXIT
# As a word of its own where a process is ended later: a function in the background is a shell around it.
clean_env=(env -i HOME="$home" PATH=/usr/bin:/bin LANG=C.UTF-8 TMPDIR="$work")
fresh() { "${clean_env[@]}" "$@"; }
says() { for _ in $(seq 600); do grep -q "$2" "$1" && return; sleep 0.1; done; return 1; }
files_of_system() { find /opt /usr /etc /var/lib/dpkg/info -xdev -path '*escc*' 2>/dev/null | sort; }

say "1 install: $deb"
before=$(files_of_system)
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "./$deb" >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; fail "apt"; }
say "  $(du -sh /opt/escc-desktop | cut -f1) in /opt/escc-desktop"

say "2 version"
version=$(fresh escc --version)
[ "$version" = "escc $(dpkg-query -Wf '${Version}' escc-desktop)" ] || fail "it says '$version'"

say "3 window"
# look.sh HOME WORK PYTHON TITLE PICTURE SECONDS ARGUMENTS...: start, wait for the title, judge the picture.
cat >"$work/look.sh" <<'INNER'
home=$1 work=$2 python=$3 title=$4 picture=$5 seconds=$6
shift 6
begin=$(date +%s%N)
env -i HOME="$home" PATH=/usr/bin:/bin LANG=C.UTF-8 DISPLAY="$DISPLAY" XAUTHORITY="$XAUTHORITY" escc "$@" >"$work/window.log" 2>&1 &
pid=$!
for _ in $(seq 600); do
    id=$(xdotool search --onlyvisible --name "$title" 2>/dev/null | head -1) && [ -n "$id" ] && break
    kill -0 $pid 2>/dev/null || { cat "$work/window.log"; exit 1; }
    sleep 0.1
done
[ -n "$id" ] || { echo "no window"; exit 1; }
echo "  on screen after $(( ($(date +%s%N) - begin) / 1000000 )) ms"
sleep "$seconds"
xwininfo -id "$id" | grep -q 'Map State: IsViewable' || exit 1
xprop -id "$id" WM_CLASS | sed 's/^/  /'
eval "$(xdotool getwindowgeometry --shell "$id")"
"$python" installer/deb/judge_window.py "$picture" "$X" "$Y" "$WIDTH" "$HEIGHT" || exit 1
kill -0 $pid || exit 1
kill $pid 2>/dev/null; wait $pid 2>/dev/null || true
[ ! -s "$work/window.log" ] || { echo "  it printed:"; cat "$work/window.log"; }
INNER
look() { xvfb-run -a -s "-screen 0 1920x1080x24" bash "$work/look.sh" "$home" "$work" "$python" "$@"; }
look '^ESCC Desktop' dist/window.png 3 || fail "the window did not open, or is empty"

say "4 scan: the parser is a process of its own"
"$python" installer/deb/make_trial.py "$work/trial"
fresh escc scan "$work/trial/ct" --json >"$work/scan.json" 2>/dev/null
"$python" -c 'import json, sys; (one,) = json.load(open(sys.argv[1]))["series"]; assert one["size"] == [64, 64, 24], one; print("  1 series,", one["verdict"])' "$work/scan.json"

say "5 extract: both engines are inside and give what they give from source"
for engine in fast pyradiomics; do
    fresh escc extract "$work/trial/image.nii.gz" "$work/trial/mask.nii.gz" --engine $engine -o "$work/packed.csv" >/dev/null 2>&1
    # In the same clean environment: variables that choose a BLAS kernel change last digits.
    fresh "$python" -m escc_desktop extract "$work/trial/image.nii.gz" "$work/trial/mask.nii.gz" --engine $engine -o "$work/source.csv" >/dev/null 2>&1
    cmp "$work/packed.csv" "$work/source.csv" || fail "other values than from source"
    say "  $engine: $("$python" -c 'import csv, sys; rows = list(csv.reader(open(sys.argv[1]))); print(len(rows) - 1, "features, equal to the last digit")' "$work/packed.csv")"
    rm "$work/packed.csv" "$work/source.csv"
done

say "6 a cohort: worker processes"
printf '%s\n' patient_id,lesion_id,site,reader,occasion,image,mask,label {1,2}',L1,primary,A,first,image.nii.gz,mask.nii.gz,1' >"$work/trial/manifest.csv"
fresh escc extract-all "$work/trial/manifest.csv" -o "$work/cohort.csv" --jobs 2 >/dev/null 2>"$work/cohort.err" || { tail -3 "$work/cohort.err"; fail "extract-all"; }
[ "$(wc -l <"$work/cohort.csv")" = 3 ] || fail "no two rows"

say "7 the same on a cluster of this computer, and perturbed"
fresh escc cluster certificates "$work/tls" >/dev/null
"${clean_env[@]}" escc cluster scheduler --port 18786 --tls-folder "$work/tls/scheduler" >"$work/scheduler.log" 2>&1 &
scheduler=$!
says "$work/scheduler.log" "Scheduler at" || { cat "$work/scheduler.log"; fail "scheduler"; }
"${clean_env[@]}" escc cluster worker tls://127.0.0.1:18786 --images "$work/trial" --tls-folder "$work/tls/worker" >"$work/worker.log" 2>&1 &
worker=$!
says "$work/worker.log" "Worker at" || { cat "$work/worker.log"; kill $scheduler; fail "worker"; }
fresh escc extract-all "$work/trial/manifest.csv" -o "$work/clustered.csv" --scheduler tls://127.0.0.1:18786 --tls-folder "$work/tls/client" >/dev/null 2>"$work/clustered.err" || { cat "$work"/{clustered.err,scheduler.log,worker.log}; kill $scheduler $worker; fail "cluster"; }
kill $worker $scheduler
wait $worker $scheduler 2>/dev/null || true
cmp "$work/cohort.csv" "$work/clustered.csv" || fail "other values than on one computer"
fresh escc robustness "$work/trial/manifest.csv" -o "$work/robustness.csv" --n 2 >/dev/null 2>"$work/robustness.err" || { tail -3 "$work/robustness.err"; fail "robustness"; }

if [ -n "$patients" ]; then
    say "8 demo of $patients patients: worker processes"
    fresh escc demo --headless --project "$work/demo" --patients "$patients" --jobs 2 >"$work/demo.log" 2>"$work/demo.err" || { tail -5 "$work/demo.err"; fail "demo"; }
    tail -1 "$work/demo.log" | grep -qx DONE || fail "demo did not end with DONE"
    look ' ESCC Desktop$' dist/worklist.png 8 demo --project "$work/demo" --patients "$patients" || fail "the demo does not open in the window"
fi

say "9 remove"
dpkg --purge escc-desktop >/dev/null 2>&1 || fail "dpkg --purge"
[ "$(files_of_system)" = "$before" ] || { diff <(echo "$before") <(files_of_system); fail "something was left"; }
say "  nothing left; in the user's home: $(cd "$home" && find . -type f | tr '\n' ' ')"
say "DONE"
