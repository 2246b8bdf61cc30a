"""Gap: a repository's address is one on AWS, nobody knows what was uploaded to it, and encrypted secrets reach a container
encrypted.

Here a repository has the address of the emulator's own registry, which container engines take without TLS because it is this
machine's; every blob that it takes is written down, also one that it had; and a SecureString of SSM arrives as ECS would hand
it over.
"""

import os

from ministack.services import ecr, ssm

_ADDRESS = f"127.0.0.1:{os.environ.get('GATEWAY_PORT', '4566')}"

_resolve_parameter_value = ssm.resolve_parameter_value

_uploads = []


def uploads():
    return _uploads


def _written_down(take):
    def taken(repository, *request):
        answer = take(repository, *request)
        status, headers, _ = answer
        if status == 201:
            _uploads.append({"repository": repository, "digest": headers["Docker-Content-Digest"]})
        return answer

    return taken


# In one piece, and the end of one that came in several.
ecr._v2_start_blob_upload = _written_down(ecr._v2_start_blob_upload)
ecr._v2_complete_blob_upload = _written_down(ecr._v2_complete_blob_upload)

ecr._repo_uri = lambda name: f"{_ADDRESS}/{name}"
ssm.resolve_parameter_value = lambda name, version=None, decrypt=True: _resolve_parameter_value(name, version, True)
