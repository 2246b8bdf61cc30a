"""Gap: ministack cannot list all resources. Here a dump lists every key of every store of each loaded service, so that the
rehearsal can compare the state before and after.
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
