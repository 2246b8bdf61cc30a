"""Gap: a repository's address is one on AWS, and encrypted secrets reach a container encrypted.

Here a repository has the address of the emulator's own registry, which container engines take without TLS because it is this
machine's; and a SecureString of SSM arrives as ECS would hand it over.
"""

import os

from ministack.services import ecr, ssm

_ADDRESS = f"127.0.0.1:{os.environ.get('GATEWAY_PORT', '4566')}"

_resolve_parameter_value = ssm.resolve_parameter_value

ecr._repo_uri = lambda name: f"{_ADDRESS}/{name}"
ssm.resolve_parameter_value = lambda name, version=None, decrypt=True: _resolve_parameter_value(name, version, True)
