#!/bin/sh
# flood.sh: prints as fast as it can, and never ends.
exec yes 'a line of a flood that fills whatever does not read it, and then some more of it, to the end'
