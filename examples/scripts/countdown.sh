#!/bin/sh
# Counts down from a number (10), a second each.
n=${1:-10}
case $n in
  '' | *[!0-9]*) echo "“$n” is not a whole number." >&2; exit 2 ;;
esac
while [ "$n" -gt 0 ]; do
  printf '\033[1;33m%3d\033[0m\n' "$n"
  n=$((n - 1))
  sleep 1
done
printf '\033[1;32mLift-off!\033[0m\n'
