#!/bin/sh
# Says hello, in colour, over a few seconds. An optional argument: whom to greet.
name=${1:-${TORU_USER:-you}}
say() { printf '\033[%sm%s\033[0m\n' "$1" "$2"; sleep 0.6; }

say '1;36' "Hello, $name!"
say 32 "This is $(hostname), and it is $(date '+%H:%M:%S') here."
say 33 "You pressed a button; a script ran; and you are reading it live."
printf '\033[35mCounting up: \033[0m'
for n in 1 2 3 4 5; do
  printf '\033[1m%s\033[0m ' "$n"
  sleep 0.2
done
printf '\n'
say '1;32' 'All done. Have a good day.'
