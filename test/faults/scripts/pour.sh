#!/bin/bash
# pour.sh [PAUSE]: some 500 KB a second, in numbered lines, until it is stopped; with a pause of 0.025 s some 100 KB.
exec 9<> <(:)
printf -v padding '%100s' ''
for ((i = 0; ; i++)); do
  for ((j = 0; j < 20; j++)); do echo "line $i $j $padding"; done
  read -rt "${1:-0.004}" -u 9
done
