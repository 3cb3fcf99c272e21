#!/bin/bash
# gush.sh: some 10 MB a second, in numbered lines, until it is stopped.
exec 9<> <(:)
printf -v padding '%1000s' ''
for ((i = 0; ; i++)); do
  for ((j = 0; j < 50; j++)); do echo "line $i $j $padding"; done
  read -rt 0.004 -u 9
done
