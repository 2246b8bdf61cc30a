"""Gap: repository addresses point to AWS, uploads are not recorded, and encrypted secrets reach a container encrypted.

Here a repository has the address of the emulator's registry, which container engines use without TLS because it is on this
machine. Every uploaded blob is recorded, even one that the registry already has. A SecureString of SSM is decrypted for a
container, as on ECS.
"""

import os

from ministack.services import ecr, ssm

_ADDRESS = f"127.0.0.1:{os.environ.get('GATEWAY_PORT', '4566')}"

_resolve_parameter_value = ssm.resolve_parameter_value

_uploads = []


def uploads():
    return _uploads


def _recorded(upload):
    def wrapper(repository, *request):
        response = upload(repository, *request)
        status, headers, _ = response
        if status == 201:
            _uploads.append({"repository": repository, "digest": headers["Docker-Content-Digest"]})
        return response

    return wrapper


# A blob in one request, and the last request of a blob in several.
ecr._v2_start_blob_upload = _recorded(ecr._v2_start_blob_upload)
ecr._v2_complete_blob_upload = _recorded(ecr._v2_complete_blob_upload)

ecr._repo_uri = lambda name: f"{_ADDRESS}/{name}"
ssm.resolve_parameter_value = lambda name, version=None, decrypt=True: _resolve_parameter_value(name, version, True)
