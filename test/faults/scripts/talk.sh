#!/bin/bash
# talk.sh GATE CODE [PAUSE]: numbered lines on both streams until the file GATE exists; then how many, and exit CODE.
# GATE.began gets a line for every start: a second one would be a run that ran twice.
exec 9<> <(:)
echo "$TORU_TASK_ID" >> "$1.began"
i=0
until [ -e "$1" ]; do
  echo "out $i $1"
  ((i % 3)) || echo "err $i" >&2
  i=$((i + 1))
  # A pause without a process: a hundred of these are cheap.
  read -rt "${3:-0.05}" -u 9
done
echo "total $i"
exit "$2"
