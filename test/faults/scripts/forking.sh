#!/bin/sh
# Ignores every polite signal, and starts children that leave its group, its session and its tree, one of them as stubborn.
trap '' TERM HUP INT QUIT
setsid sh -c 'trap "" TERM HUP INT; while :; do sleep 100; done' &
(sh -c 'trap "" TERM; sleep 600' &)
nohup sleep 601 >/dev/null 2>&1 &
sleep 602 &
echo ready
while :; do sleep 100; done
