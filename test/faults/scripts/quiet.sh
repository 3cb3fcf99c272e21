#!/bin/bash
# quiet.sh GATE: says one line, then nothing until the file GATE exists, then another.
exec 9<> <(:)
echo before
until [ -e "$1" ]; do read -rt 0.1 -u 9; done
echo after
