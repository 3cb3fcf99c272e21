#!/bin/sh
# Shows what the output page can show: the 16 colours, 256 colours, styles, and text from all over the world.
for code in 30 31 32 33 34 35 36 37; do printf '\033[%sm  %s  \033[0m\033[1;%sm  %s  \033[0m' "$code" "$code" "$code" "$code"; done
printf '\n'
for code in 40 41 42 43 44 45 46 47; do printf '\033[%sm  %s  \033[0m' "$code" "$code"; done
printf '\n\n'
n=16
while [ "$n" -lt 232 ]; do
  printf '\033[48;5;%sm  \033[0m' "$n"
  n=$((n + 1))
  [ $(((n - 16) % 36)) -eq 0 ] && printf '\n'
done
printf '\n\033[1mbold\033[0m  \033[2mdim\033[0m  \033[3mitalic\033[0m  \033[4munderlined\033[0m  \033[7mreversed\033[0m  \033[9mstruck out\033[0m\n'
printf 'Grüße · Καλημέρα · Здравствуйте · こんにちは · 你好 · مرحبا · 👋🏽\n'
echo 'This line went to stderr.' >&2
