#!/bin/bash
# mixed.sh LINES CODE MARK: so many lines on both streams, fast, then exit CODE. MARK gets a line for every start.
exec 9<> <(:)
echo "$TORU_TASK_ID" >> "$3"
for ((i = 0; i < $1; i++)); do
  echo "out $i"
  echo "err $i" >&2
  ((i % 20)) || read -rt 0.01 -u 9
done
exit "$2"
