#!/bin/sh
# Works for a while (60 seconds), with a line a second: something to watch, and to cancel.
seconds=${1:-60}
trap 'printf "\033[33mAsked to stop: tidying up.\033[0m\n"; sleep 1; echo "Stopped cleanly."; exit 130' TERM INT
i=1
while [ "$i" -le "$seconds" ]; do
  printf '[%3d/%d] working\n' "$i" "$seconds"
  sleep 1 &
  wait $!
  i=$((i + 1))
done
printf '\033[32mFinished.\033[0m\n'
