#!/usr/bin/env python3
"""Counts presses, and remembers them. Needs nothing but Python 3.9. See docs/plugin-protocol.md of Toru."""

from toru import Plugin, Refused

plugin = Plugin()


@plugin.route("GET", "/count")
def count(request):
    return {"count": plugin.kv_get("count")[0] or 0}


@plugin.route("POST", "/count")
def press(request):
    step = int(plugin.settings.get("step", 1))
    # Two presses at once may not count as one: whoever finds that the value has changed meanwhile tries again.
    while True:
        value, version = plugin.kv_get("count")
        try:
            plugin.kv_set("count", (value or 0) + step, if_version=version)
            break
        except Refused as refused:
            if refused.code != "conflict":
                raise
    count = (value or 0) + step
    plugin.log("info", "pressed", by=request["user"]["username"], count=count)
    plugin.publish("count", count)
    return {"count": count}


plugin.run()
