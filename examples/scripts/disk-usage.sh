#!/bin/sh
# How full each disk is, and the largest things in the home folder.
printf '\033[1mDisks\033[0m\n'
df -h 2>/dev/null | awk 'NR == 1 || $1 ~ /^\//'
printf '\n\033[1mLargest in %s\033[0m\n' "$HOME"
du -x -k -d 1 "$HOME" 2>/dev/null | sort -rn | awk 'NR > 1 && NR <= 11 { printf "%9.1f MB  %s\n", $1 / 1024, substr($0, index($0, "\t") + 1) }'
