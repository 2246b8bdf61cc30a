"""Gap: nothing tells what there is in all. Here a dump does: every key of every store of every service that was loaded, to be
compared before and after.
"""

import sys

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

_SERVICES = "ministack.services."


def everything():
    found = {}
    for name, module in list(sys.modules.items()):
        if not name.startswith(_SERVICES):
            continue
        for variable, store in vars(module).items():
            if isinstance(store, (AccountRegionScopedDict, AccountScopedDict)) and store._data:
                keys = sorted(str(key[-1] if isinstance(key, tuple) else key) for key in store._data)
                found[f"{name.removeprefix(_SERVICES)}.{variable}"] = keys
    return found
