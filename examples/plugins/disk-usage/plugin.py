#!/usr/bin/env python3
"""How full the disks are. Needs nothing but Python 3.9; toru.py beside it speaks the protocol."""

import shutil

from toru import Plugin, Refused

plugin = Plugin()


@plugin.route("GET", "/disks")
def disks(request):
    paths = [path.strip() for path in str(plugin.settings.get("paths", "/")).split(",")]
    return {"disks": [usage(path) for path in paths if path]}


def usage(path):
    try:
        total, used, _free = shutil.disk_usage(path)
    except OSError as error:
        return {"path": path, "problem": error.strerror}
    return {"path": path, "total": total, "used": used, "highest": highest(path, used)}


def highest(path, used):
    """The most that was ever in use, kept over restarts."""
    key = f"highest/{path}"
    value, version = plugin.kv_get(key)
    if value is not None and value >= used:
        return value
    try:
        plugin.kv_set(key, used, if_version=version)
    except Refused as refused:
        # Another request was faster: its figure is as new as ours.
        if refused.code != "conflict":
            raise
    return used


plugin.run()
